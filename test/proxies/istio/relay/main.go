// Command relay stands between pilot-agent and an Envoy that is not Istio's own build: it passes on what istiod sends, without the
// filters that only Istio's build has. None of them changes where a connection goes, or its TLS.
//
//	relay SOCKET-FOR-ENVOY SOCKET-OF-PILOT-AGENT
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"

	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

// limit bounds one message: a large mesh has large ones.
const limit = 1 << 30

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: relay SOCKET-FOR-ENVOY SOCKET-OF-PILOT-AGENT")
	}
	agent, err := grpc.NewClient("unix:"+args[1], grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(limit)))
	if err != nil {
		return fmt.Errorf("connect to pilot-agent: %w", err)
	}
	listener, err := net.Listen("unix", args[0])
	if err != nil {
		return fmt.Errorf("listen for Envoy: %w", err)
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(limit))
	discovery.RegisterAggregatedDiscoveryServiceServer(server, &relay{agent: discovery.NewAggregatedDiscoveryServiceClient(agent)})
	return server.Serve(listener)
}

type relay struct {
	discovery.UnimplementedAggregatedDiscoveryServiceServer
	agent discovery.AggregatedDiscoveryServiceClient
}

// DeltaAggregatedResources passes requests up and responses down until either side ends.
func (r *relay) DeltaAggregatedResources(envoy discovery.AggregatedDiscoveryService_DeltaAggregatedResourcesServer) error {
	ctx, cancel := context.WithCancel(envoy.Context())
	defer cancel()
	agent, err := r.agent.DeltaAggregatedResources(ctx)
	if err != nil {
		return fmt.Errorf("open the stream to pilot-agent: %w", err)
	}
	go func() {
		defer cancel()
		for {
			request, err := envoy.Recv()
			if err != nil {
				_ = agent.CloseSend()
				return
			}
			if detail := request.GetErrorDetail(); detail != nil {
				log.Printf("NACK %s: %s", request.GetTypeUrl(), detail.GetMessage())
			}
			if agent.Send(request) != nil {
				return
			}
		}
	}()
	for {
		response, err := agent.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("receive from pilot-agent: %w", err)
		}
		if response.Resources, err = strip(response.GetResources()); err != nil {
			return err
		}
		if err := envoy.Send(response); err != nil {
			return fmt.Errorf("send to Envoy: %w", err)
		}
	}
}
