// Receives OTLP traces over HTTP and gRPC and prints each export as one line of JSON. It decodes with the definitions of the OpenTelemetry
// Collector, so that what Pilotlight sends is read by code that no one here wrote.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
)

var output sync.Mutex

func show(traces ptrace.Traces) error {
	text, err := (&ptrace.JSONMarshaler{}).MarshalTraces(traces)
	if err != nil {
		return err
	}
	output.Lock()
	defer output.Unlock()
	_, err = fmt.Printf("%s\n", text)
	return err
}

type traceServer struct {
	ptraceotlp.UnimplementedGRPCServer
}

func (*traceServer) Export(_ context.Context, request ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	return ptraceotlp.NewExportResponse(), show(request.Traces())
}

func overHTTP(response http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	export := ptraceotlp.NewExportRequest()
	if err == nil {
		err = export.UnmarshalProto(body)
	}
	if err == nil {
		err = show(export.Traces())
	}
	if err != nil {
		http.Error(response, err.Error(), http.StatusBadRequest)
		return
	}
	response.Header().Set("Content-Type", "application/x-protobuf")
}

func main() {
	listen := func() net.Listener {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			log.Fatal(err)
		}
		return listener
	}
	httpListener, grpcListener := listen(), listen()
	port := func(listener net.Listener) int { return listener.Addr().(*net.TCPAddr).Port }
	fmt.Printf("{\"http\":%d,\"grpc\":%d}\n", port(httpListener), port(grpcListener))

	http.HandleFunc("/v1/traces", overHTTP)
	go func() { log.Fatal(http.Serve(httpListener, nil)) }()
	server := grpc.NewServer()
	ptraceotlp.RegisterGRPCServer(server, &traceServer{})
	go func() { log.Fatal(server.Serve(grpcListener)) }()

	// Whoever started it is gone when its input ends.
	_, _ = io.Copy(io.Discard, os.Stdin)
}
