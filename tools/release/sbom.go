package main

import (
	"bytes"
	"debug/buildinfo"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// sbom returns the modules that a binary was built from, as Go wrote them into it, in CycloneDX: what is in the binary,
// not what go.mod would allow. Go's own library is one of them.
func (p plan) sbom(binary string, target platform) ([]byte, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	program := cdx.Component{BOMRef: "tlsward", Type: cdx.ComponentTypeApplication, Name: "tlsward", Version: p.Version,
		PackageURL: purl(info.Main.Path, "v"+p.Version), Properties: &[]cdx.Property{
			{Name: "goos", Value: target.OS}, {Name: "goarch", Value: target.Arch}, {Name: "vcs.revision", Value: p.commit.ID}}}
	components := []cdx.Component{module("stdlib", strings.TrimPrefix(info.GoVersion, "go"))}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		components = append(components, module(m.Path, m.Version))
	}
	uses := make([]string, 0, len(components))
	for _, c := range components {
		uses = append(uses, c.BOMRef)
	}
	document := cdx.NewBOM()
	document.Metadata = &cdx.Metadata{Timestamp: p.commit.Time.Format(time.RFC3339), Component: &program}
	document.Components = &components
	document.Dependencies = &[]cdx.Dependency{{Ref: program.BOMRef, Dependencies: &uses}}
	var out bytes.Buffer
	err = cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(document, cdx.SpecVersion1_6)
	return out.Bytes(), err
}

func module(path, version string) cdx.Component {
	url := purl(path, version)
	return cdx.Component{BOMRef: url, Type: cdx.ComponentTypeLibrary, Name: path, Version: version, PackageURL: url}
}

// purl returns the package URL of a Go module, by which scanners look for its vulnerabilities.
func purl(path, version string) string { return "pkg:golang/" + path + "@" + version }
