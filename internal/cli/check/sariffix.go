package check

import (
	"bytes"
	"strings"

	"github.com/tlsward/tlsward/internal/cli/mend"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/diff"
	"github.com/tlsward/tlsward/internal/manifests"
)

// sarifFix is a fix that can be made by editing files (SARIF 2.1.0, section 3.55).
type sarifFix struct {
	Description sarifText     `json:"description"`
	Changes     []sarifChange `json:"artifactChanges"`
}

// sarifChange is what becomes of one file (section 3.56).
type sarifChange struct {
	Artifact     sarifArtifact      `json:"artifactLocation"`
	Replacements []sarifReplacement `json:"replacements"`
}

// sarifReplacement is one edit (section 3.57). Its region is one of the file as it is.
type sarifReplacement struct {
	Deleted  sarifRegion `json:"deletedRegion"`
	Inserted *sarifText  `json:"insertedContent,omitempty"`
}

// sarifFixes returns the fix of a finding as edits of the files of m; none where it has to be left to a person.
func sarifFixes(m *offline.Mesh, f Finding) []sarifFix {
	if m == nil || f.Fix == "" {
		return nil
	}
	c, err := mend.Make(m, f.Object, f.Fix)
	if err != nil {
		return nil
	}
	var changes []sarifChange
	for i, file := range m.Files {
		after := c.Files[i].Raw
		if bytes.Equal(file.Raw, after) {
			continue
		}
		if file.Name == manifests.Stdin {
			return nil
		}
		changes = append(changes, sarifChange{sarifArtifact{uri(file.Name)}, sarifReplacements(string(file.Raw), string(after))})
	}
	if len(changes) == 0 {
		return nil
	}
	return []sarifFix{{sarifText{"Change " + strings.Join(c.Objects, " and ") + "."}, changes}}
}

func sarifReplacements(before, after string) []sarifReplacement {
	var list []sarifReplacement
	for _, r := range diff.Replacements(before, after) {
		replacement := sarifReplacement{Deleted: sarifRegion{StartLine: r.From.Line, StartColumn: r.From.Column, EndLine: r.To.Line, EndColumn: r.To.Column}}
		if r.Text != "" {
			replacement.Inserted = &sarifText{r.Text}
		}
		list = append(list, replacement)
	}
	return list
}
