package verified

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tlsward/tlsward/internal/compare"
)

// Round is what came of asking some proxies once.
type Round struct {
	At time.Time `json:"at"`
	// Proxies are those that were asked, Unreached those of the sample that could not be.
	Proxies   int `json:"proxies"`
	Unreached int `json:"unreached"`
	// Connections are those that were compared, Disagreements those of them of which tlsward and the proxies tell differently.
	Connections   int `json:"connections"`
	Disagreements int `json:"disagreements"`
	// Untold are connections that could not be compared, and parts of the proxies' configuration that could not be read.
	Untold int `json:"untold"`
}

// Of returns the round that these results are of.
func Of(at time.Time, results []compare.Result) Round {
	r := Round{At: at.UTC().Truncate(time.Second)}
	for _, result := range results {
		if result.Unreached != nil {
			r.Unreached++
			continue
		}
		r.Proxies++
		r.Connections += result.Compared
		r.Disagreements += len(result.Differences)
		r.Untold += len(result.Untold) + len(result.Unread)
	}
	return r
}

// String returns the round as a sentence, without when it was.
func (r Round) String() string {
	text := fmt.Sprintf("%s of %s compared: %d differ", Counted(r.Connections, "connection"), Counted(r.Proxies, "proxy"), r.Disagreements)
	if r.Untold > 0 {
		text += fmt.Sprintf("; %s could not be compared", Counted(r.Untold, "thing"))
	}
	if r.Unreached > 0 {
		text += fmt.Sprintf("; %s could not be asked", Counted(r.Unreached, "proxy"))
	}
	return text
}

// Counted returns "1 proxy" or "2 proxies".
func Counted(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "y"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(what, "y"))
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// key is under which the data of a ConfigMap has a Round.
const key = "round.json"

// ConfigMap returns the parts of "NAMESPACE/NAME", as flags name the ConfigMap that keeps a Round.
func ConfigMap(flag string) (namespace, name string, err error) {
	namespace, name, ok := strings.Cut(flag, "/")
	if !ok || namespace == "" || name == "" || strings.Contains(name, "/") {
		return "", "", fmt.Errorf("%q names no ConfigMap: want NAMESPACE/NAME", flag)
	}
	return namespace, name, nil
}

// Data returns the data of the ConfigMap that keeps the round.
func (r Round) Data() (map[string]string, error) {
	raw, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write the round: %w", err)
	}
	return map[string]string{key: string(raw)}, nil
}

// Read returns the round that the data of a ConfigMap keeps.
func Read(data map[string]string) (Round, error) {
	var r Round
	text, ok := data[key]
	if !ok {
		return r, fmt.Errorf("data has no %s", key)
	}
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return r, fmt.Errorf("data[%s]: %w", key, err)
	}
	if r.At.IsZero() || min(r.Proxies, r.Unreached, r.Connections, r.Disagreements, r.Untold) < 0 {
		return r, fmt.Errorf("data[%s]: no round of a watch", key)
	}
	return r, nil
}
