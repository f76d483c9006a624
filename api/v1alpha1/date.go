package v1alpha1

import (
	"encoding/json"
	"fmt"
	"time"
)

// Date is a day, written 2006-01-02. It ends at the midnight UTC after it.
//
// +kubebuilder:validation:Type=string
// +kubebuilder:validation:Format=date
// +kubebuilder:validation:Pattern=`^\d{4}-\d{2}-\d{2}$`
type Date struct {
	time.Time `json:"-"`
}

// MarshalJSON writes the day as "2006-01-02", the zero Date as null.
func (d Date) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(d.Format(time.DateOnly))
}

// UnmarshalJSON reads a day written "2006-01-02", and null as the zero Date.
func (d *Date) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		*d = Date{}
		return nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("want a day as 2027-01-31, got %s", raw)
	}
	t, err := time.ParseInLocation(time.DateOnly, s, time.UTC)
	if err != nil {
		return fmt.Errorf("want a day as 2027-01-31, got %q", s)
	}
	*d = Date{t}
	return nil
}

// DeepCopyInto writes the day to out.
func (d *Date) DeepCopyInto(out *Date) { *out = *d }

// Over reports whether the day has ended at now: it does at the midnight UTC after it.
func (d Date) Over(now time.Time) bool {
	return !now.Before(d.AddDate(0, 0, 1))
}
