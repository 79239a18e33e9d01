// Package cycle has the export that goes with Filter and with Score.
package cycle
