package fairqueue

import "testing"

func TestFlowOf(t *testing.T) {
	for _, tc := range []struct {
		namespace, user string
		want            Flow
	}{
		{"shop", "alice", Flow{"shop", "alice"}},
		{"", "alice", Flow{"", "alice"}},
		{"shop", "system:serviceaccount:shop:deployer", Flow{"shop", "system:serviceaccount:shop"}},
		{"shop", "system:serviceaccount:shop:another", Flow{"shop", "system:serviceaccount:shop"}},
		{"shop", "system:serviceaccount:argocd:another", Flow{"shop", "system:serviceaccount:argocd"}},
		{"", "", Flow{}},
	} {
		if got := FlowOf(tc.namespace, tc.user); got != tc.want {
			t.Errorf("%q in %q: %v, want %v", tc.user, tc.namespace, got, tc.want)
		}
	}
}
