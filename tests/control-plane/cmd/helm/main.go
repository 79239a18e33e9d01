// Command helm is the real helm, pinned by this module's go.mod.
package main

import (
	"errors"
	"fmt"
	"os"

	"helm.sh/helm/v4/pkg/cmd"
	"helm.sh/helm/v4/pkg/kube"
)

func main() {
	kube.ManagedFieldsManager = "helm"
	root, err := cmd.NewRootCmd(os.Stdout, os.Args[1:], cmd.SetupLogging)
	if err == nil {
		err = root.Execute()
	}
	if err == nil {
		return
	}
	var coded cmd.CommandError
	if errors.As(err, &coded) {
		os.Exit(coded.ExitCode)
	}
	fmt.Fprintln(os.Stderr, "helm:", err)
	os.Exit(1)
}
