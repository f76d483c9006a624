# A static binary in an empty image, as a user without rights. Build it from the root of the tree:
#   docker build --build-arg VERSION=$(git describe --tags --always) -t tlsward .
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /tlsward ./cmd/tlsward

FROM scratch
COPY --from=build /tlsward /tlsward
USER 65532:65532
EXPOSE 9443 8080 8081
ENTRYPOINT ["/tlsward"]
CMD ["serve"]
