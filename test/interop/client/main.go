// Command client calls every method of the gRPC contract with a client that was generated for Go, and prints a line of JSON
// per call: what was called, its status, and what came of it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "slipway/test/interop/gen/slipway/runtime/v1"
)

type line struct {
	Call    string              `json:"call"`
	Status  string              `json:"status"`
	Code    string              `json:"code,omitempty"`
	Result  map[string]any      `json:"result,omitempty"`
	Headers map[string][]string `json:"headers,omitempty"`
}

var out = json.NewEncoder(os.Stdout)

func print(call string, err error, header, trailer metadata.MD, result map[string]any) {
	one := line{Call: call, Status: status.Code(err).String(), Result: result, Headers: map[string][]string{}}
	if codes := trailer.Get("slipway-error-code"); len(codes) > 0 {
		one.Code = codes[0]
	}
	for _, name := range []string{"cs-schema-version", "x-trace-id"} {
		one.Headers[name] = header.Get(name)
	}
	if err := out.Encode(one); err != nil {
		panic(err)
	}
}

func main() {
	address := flag.String("address", "", "of the public port")
	internal := flag.String("internal", "", "of the internal port")
	token := flag.String("token", "", "a bearer token")
	internalToken := flag.String("internal-token", "", "a bearer token of the internal audience")
	environment := flag.String("environment", "", "an environment with a service")
	service := flag.String("service", "", "the service")
	deployment := flag.String("deployment", "", "a deployment that has ended")
	flag.Parse()

	public := dial(*address)
	defer public.Close()
	inside := dial(*internal)
	defer inside.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	as := func(tokens ...string) context.Context {
		with := ctx
		for _, one := range tokens {
			with = metadata.AppendToOutgoingContext(with, "authorization", "Bearer "+one)
		}
		return with
	}

	inventory := v1.NewRuntimeInventoryClient(public)
	ask := func(call string, ctx context.Context, request *v1.GetServicesRequest) {
		var header, trailer metadata.MD
		answer, err := inventory.GetServices(ctx, request, grpc.Header(&header), grpc.Trailer(&trailer))
		var result map[string]any
		if err == nil {
			result = map[string]any{"environmentId": answer.EnvironmentId, "services": len(answer.Services), "revision": answer.Revision}
		}
		print(call, err, header, trailer, result)
	}
	here := &v1.GetServicesRequest{EnvironmentId: *environment}
	ask("GetServices", as(*token), here)
	ask("GetServices without a token", ctx, here)
	ask("GetServices with one token twice", as(*token, *token), here)
	ask("GetServices with two tokens", as(*token, *internalToken), here)
	ask("GetServices of another tenant's name", as(*token), &v1.GetServicesRequest{EnvironmentId: *environment, TenantId: "fabrikam"})

	{
		stream, err := inventory.WatchServices(as(*token), &v1.WatchServicesRequest{EnvironmentId: *environment})
		first("WatchServices", stream, err, func(m *v1.WatchServicesResponse) map[string]any {
			return map[string]any{"services": len(m.Inventory.Services)}
		})
	}
	{
		request := &v1.StreamHealthRequest{ServiceId: *service, EnvironmentId: environment}
		stream, err := v1.NewRuntimeHealthClient(public).StreamHealth(as(*token), request)
		first("StreamHealth", stream, err, func(m *v1.StreamHealthResponse) map[string]any {
			return map[string]any{"serviceId": m.ServiceId, "status": m.Status.String()}
		})
	}
	{
		stream, err := v1.NewRuntimeDeploymentsClient(public).WatchDeployment(as(*token), &v1.WatchDeploymentRequest{DeploymentId: *deployment})
		var last *v1.WatchDeploymentResponse
		for err == nil {
			var next *v1.WatchDeploymentResponse
			if next, err = stream.Recv(); err == nil {
				last = next
			}
		}
		if err == io.EOF {
			err = nil
		}
		header, _ := stream.Header()
		print("WatchDeployment", err, header, stream.Trailer(), map[string]any{"status": last.GetDeployment().GetStatus().String()})
	}
	{
		var header, trailer metadata.MD
		answer, err := v1.NewRuntimeDriftClient(public).GetFindings(as(*token), &v1.GetFindingsRequest{EnvironmentId: *environment}, grpc.Header(&header), grpc.Trailer(&trailer))
		print("GetFindings", err, header, trailer, map[string]any{"findings": len(answer.GetFindings())})
	}
	{
		report := func(call string, ctx context.Context) {
			stream, err := v1.NewRuntimeHealthServiceClient(inside).ReportHealth(ctx)
			if err != nil {
				panic(err)
			}
			now := time.Now().Add(-time.Hour)
			for i := range 3 {
				err = stream.Send(&v1.ReportHealthRequest{
					EnvironmentId: *environment,
					ServiceId:     *service,
					Status:        v1.HealthStatus_HEALTH_STATUS_DEGRADED,
					EvaluatedAt:   timestamppb.New(now.Add(time.Duration(i) * time.Second).Truncate(time.Millisecond)),
				})
				if err != nil {
					break
				}
			}
			answer, err := stream.CloseAndRecv()
			header, _ := stream.Header()
			print(call, err, header, stream.Trailer(), map[string]any{"recorded": answer.GetRecorded(), "refused": answer.GetRefused()})
		}
		report("ReportHealth", as(*internalToken))
		report("ReportHealth with a public token", as(*token))
	}
}

func first[M any](call string, stream grpc.ServerStreamingClient[M], err error, result func(*M) map[string]any) {
	if err != nil {
		panic(err)
	}
	message, err := stream.Recv()
	header, _ := stream.Header()
	if err != nil {
		print(call, err, header, stream.Trailer(), nil)
		return
	}
	print(call, nil, header, nil, result(message))
}

func dial(address string) *grpc.ClientConn {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	return connection
}
