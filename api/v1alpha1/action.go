package v1alpha1

import (
	"encoding/json"
	"fmt"
)

// UnmarshalJSON reads an action. YAML 1.1 takes a bare `off` for false, so false is Off.
func (a *Action) UnmarshalJSON(raw []byte) error {
	if string(raw) == "false" {
		*a = Off
		return nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("want one of deny, warn, audit, off, got %s", raw)
	}
	*a = Action(s)
	return nil
}
