package informer

import (
	"encoding/json"
	"log/slog"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/assume"
)

func newKindInformer() (*kindInformer, *assume.Cache) {
	cache := assume.NewCache(mesh.DefaultSettings())
	i := &Informers{cache: cache, log: slog.New(slog.DiscardHandler)}
	return &kindInformer{Informers: i, kind: Kinds()[0]}, cache
}

func decoded(t *testing.T, raw string) *item {
	t.Helper()
	var i item
	if err := json.Unmarshal([]byte(raw), &i); err != nil {
		t.Fatal(err)
	}
	return &i
}

const (
	good = `{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntry","metadata":{"name":"a","namespace":"n","uid":"u",` +
		`"resourceVersion":"7","managedFields":[{"manager":"kubectl"}]},"spec":{"hosts":["a.example"]}}`
	unreadable = `{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntry","metadata":{"name":"a","namespace":"n","uid":"u",` +
		`"resourceVersion":"8"},"spec":{"hosts":7}}`
)

// One object that cannot be read must not hide the others, nor stay as it was before.
func TestAnUnreadableObjectIsLeftOut(t *testing.T) {
	scheme := runtime.NewScheme()
	AddToScheme(scheme)
	decoder := serializer.NewCodecFactory(scheme).UniversalDeserializer()
	list, _, err := decoder.Decode([]byte(`{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntryList",`+
		`"metadata":{"resourceVersion":"9"},"items":[`+unreadable+`,`+good+`]}`), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	items := list.(*itemList)
	if len(items.Items) != 2 || items.Items[0].err == nil || items.Items[1].object == nil || items.ResourceVersion != "9" {
		t.Fatalf("%+v", items)
	}

	k, cache := newKindInformer()
	ref := mesh.Ref{Kind: mesh.KindServiceEntry, Namespace: "n", Name: "a"}
	handler := k.handler()
	handler.OnAdd(decoded(t, good), true)
	if cache.View().Stored.Get(ref) == nil {
		t.Fatal("a good object is not in the mesh")
	}
	handler.OnUpdate(decoded(t, good), decoded(t, unreadable))
	if cache.View().Stored.Get(ref) != nil {
		t.Error("what it was before still counts")
	}
}

func TestDeletions(t *testing.T) {
	for name, gone := range map[string]any{
		"seen":   decoded(t, good),
		"missed": toolscache.DeletedFinalStateUnknown{Key: "n/a", Obj: decoded(t, good)},
	} {
		k, cache := newKindInformer()
		k.handler().OnAdd(decoded(t, good), false)
		k.handler().OnDelete(gone)
		if n := cache.View().Stored.Len(); n != 0 {
			t.Errorf("%s: %d objects left", name, n)
		}
	}
}

func TestCopiesShareTheObject(t *testing.T) {
	i := decoded(t, good)
	c := i.DeepCopyObject().(*item)
	c.Name = "b"
	if i.Name != "a" || c.object != i.object {
		t.Error("a copy must have a head of its own and share the object")
	}
}

func TestSyncedNamesWhatIsMissing(t *testing.T) {
	all := &Informers{kinds: map[string]*kindInformer{}}
	for _, k := range Kinds() {
		one := &kindInformer{Informers: all, kind: k}
		one.synced.Store(k.Name != mesh.KindSidecar && k.Name != mesh.KindService)
		all.kinds[k.Name] = one
	}
	if err := all.Synced(); err == nil || err.Error() != "waiting for Sidecar, Service" {
		t.Errorf("got %v", err)
	}
	all.kinds[mesh.KindSidecar].synced.Store(true)
	all.kinds[mesh.KindService].synced.Store(true)
	if err := all.Synced(); err != nil {
		t.Errorf("got %v", err)
	}
}
