package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newManCommand is for packagers: releases have what it writes.
func newManCommand() *cobra.Command {
	var date string
	cmd := &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages into a directory, one for each command",
		Long: `Write the manual pages into a directory, one for each command. With --date the same program writes the same
pages on any day.`,
		Example: `  tlsward man /usr/local/share/man/man1
  tlsward man man/man1 --date 2027-01-31`,
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return writeManual(cmd.Root(), args[0], date)
		},
	}
	cmd.Flags().StringVar(&date, "date", "", "`date` of the pages, as 2027-01-31 (default: today)")
	return cmd
}

func writeManual(root *cobra.Command, dir, date string) error {
	at := time.Now()
	if date != "" {
		var err error
		if at, err = time.Parse(time.DateOnly, date); err != nil {
			return fmt.Errorf("--date: %w", err)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // everybody may read a manual
		return err
	}
	// An annotation that this program is run by kubectl is no part of the pages' names, and the line of who made
	// them, with another date, none of their text.
	delete(root.Annotations, cobra.CommandDisplayNameAnnotation)
	root.DisableAutoGenTag = true
	header := &doc.GenManHeader{Section: "1", Date: &at, Source: "tlsward " + programVersion(), Manual: "tlsward"}
	if err := doc.GenManTree(root, header, dir); err != nil {
		return fmt.Errorf("write the manual: %w", err)
	}
	return nil
}
