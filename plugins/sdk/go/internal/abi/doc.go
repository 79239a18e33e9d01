// Package abi reads and writes the module's memory as the canonical ABI of the component model lays it out: 32-bit
// addresses, fields at multiples of their alignment, a list or a text as address and length.
package abi
