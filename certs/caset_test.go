package certs

import (
	"bytes"
	"maps"
	"strings"
	"testing"
	"time"
)

func TestCASetRoundTrip(t *testing.T) {
	a, b := authority(t, wallClock(), time.Hour), authority(t, wallClock(), time.Hour)
	for _, v := range []*CASet{{Active: a}, {Active: a, Next: b}, {Active: a, Previous: b.Certificate}} {
		entries, err := v.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeCASet(entries)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(EncodeBundle(got.certificates()...), EncodeBundle(v.certificates()...)) {
			t.Errorf("%d entries came back as others", len(entries))
		}
		if _, err := got.Active.Sign([]string{"a"}, wallClock(), time.Minute); err != nil {
			t.Error(err)
		}
	}
	if v, err := DecodeCASet(nil); v != nil || err != nil {
		t.Errorf("no entries: %v, %v", v, err)
	}
}

func TestDecodeCASetNamesTheKey(t *testing.T) {
	good, err := (&CASet{Active: authority(t, wallClock(), time.Hour), Next: authority(t, wallClock(), time.Hour)}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		entry, value, want string
	}{
		{activeCertificate, "", "active.crt: want one certificate in PEM, got 0"},
		{activeKey, "nonsense", "active.key: no PEM block"},
		{activeKey, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "active.key: "},
		{nextKey, string(good[activeKey]), "next.key does not belong to next.crt"},
		{previousCertificate, string(good[activeCertificate]) + string(good[nextCertificate]), "previous.crt: want one certificate in PEM, got 2"},
	} {
		entries := maps.Clone(good)
		entries[c.entry] = []byte(c.value)
		if _, err := DecodeCASet(entries); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.entry, err, c.want)
		}
	}
}

func FuzzDecodeCASet(f *testing.F) {
	a, err := NewAuthority(wallClock(), time.Hour)
	if err != nil {
		f.Fatal(err)
	}
	good, err := (&CASet{Active: a}).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good[activeCertificate], good[activeKey], good[activeCertificate])
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----"), []byte{}, []byte{0})
	f.Fuzz(func(t *testing.T, crt, key, previous []byte) {
		v, err := DecodeCASet(map[string][]byte{activeCertificate: crt, activeKey: key, previousCertificate: previous})
		if err != nil {
			return
		}
		if _, err := v.Active.Sign([]string{"a"}, wallClock(), time.Minute); err != nil {
			t.Errorf("what was accepted cannot sign: %v", err)
		}
	})
}
