package mesh

import "testing"

func TestIsHash(t *testing.T) {
	const sum, pairs = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55"
	for text, want := range map[string]bool{
		sum: true, pairs: true, sum[:62]: false, sum + sum[:31]: false, "z" + sum[1:]: false, "": false, pairs[:94]: false,
	} {
		equal(t, text, isCertificateHash(text), want)
	}
	const key = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	for text, want := range map[string]bool{key: true, key[:43]: false, key[:40] + "\n" + key[40:]: false, key[:42] + "V=": false, "zz": false, "": false} {
		equal(t, text, isKeyHash(text), want)
	}
}
