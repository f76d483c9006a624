// Package verified is what a watch of proxies (`tlsward verify --every`) found last, as it is kept in the cluster: the watch writes it,
// `tlsward report` shows it.
//
// How proxies are asked and compared does not belong here.
package verified
