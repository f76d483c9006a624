package bundles

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/open-policy-agent/opa/v1/logging"
	"github.com/open-policy-agent/opa/v1/server"
	"github.com/open-policy-agent/opa/v1/storage"

	"github.com/tlsward/tlsward/policies"
)

// Decision is an event of the decision log: the outcome of one review.
type Decision struct {
	// ID is the review's uid.
	ID    string
	Time  time.Time
	Input policies.Input
	// Violations are all violations, those of action audit included.
	Violations []policies.Violation
	// Err is why nothing could be decided; nil otherwise.
	Err error
}

// Path is the path of all decisions in the log.
const Path = "tlsward/decision"

// LogsDecisions reports whether decision_logs is configured.
func (s *Service) LogsDecisions() bool { return s.logs != nil }

// Log writes a decision to the decision log, masked by package system.log of the bundles. It does nothing if
// decision_logs is not configured.
func (s *Service) Log(ctx context.Context, d Decision) error {
	if s.logs == nil {
		return nil
	}
	input, err := toJSON(d.Input)
	if err != nil {
		return fmt.Errorf("log decision: %w", err)
	}
	if d.Violations == nil {
		d.Violations = []policies.Violation{}
	}
	result, err := toJSON(map[string]any{"violations": d.Violations})
	if err != nil {
		return fmt.Errorf("log decision: %w", err)
	}
	err = storage.Txn(ctx, s.manager.Store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		return s.logs.Log(ctx, &server.Info{
			Txn: txn, DecisionID: d.ID, Path: Path, Timestamp: d.Time, Input: &input, Results: &result, Error: d.Err,
			Bundles: s.revisions(),
		})
	})
	if err != nil {
		return fmt.Errorf("log decision: %w", err)
	}
	return nil
}

func (s *Service) revisions() map[string]server.BundleInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]server.BundleInfo, len(s.statuses))
	for name, state := range s.statuses {
		out[name] = server.BundleInfo{Revision: state.ActiveRevision}
	}
	return out
}

// toJSON returns v as it is after a round trip through JSON.
func toJSON(v any) (out any, err error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(text, &out)
	return out, err
}

// opaLogger is a logger of OPA's that writes to slog.
type opaLogger struct{ log *slog.Logger }

var _ logging.Logger = opaLogger{}

func (l opaLogger) Debug(format string, args ...any) { l.write(slog.LevelDebug, format, args) }
func (l opaLogger) Info(format string, args ...any)  { l.write(slog.LevelInfo, format, args) }
func (l opaLogger) Warn(format string, args ...any)  { l.write(slog.LevelWarn, format, args) }
func (l opaLogger) Error(format string, args ...any) { l.write(slog.LevelError, format, args) }

func (l opaLogger) write(level slog.Level, format string, args []any) {
	if l.log.Enabled(context.Background(), level) {
		l.log.Log(context.Background(), level, fmt.Sprintf(format, args...))
	}
}

// WithFields returns a logger that adds these fields.
func (l opaLogger) WithFields(fields map[string]any) logging.Logger {
	log := l.log
	for key, value := range fields {
		log = log.With(key, value)
	}
	return opaLogger{log}
}

// GetLevel returns the level that slog is enabled at.
func (l opaLogger) GetLevel() logging.Level {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		return logging.Debug
	}
	return logging.Info
}

// SetLevel does nothing: slog's handler decides on the level.
func (opaLogger) SetLevel(logging.Level) {}
