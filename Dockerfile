# syntax=docker/dockerfile:1
# Two stages: everything needed to build on Debian 12, then the program with the libraries it loads. Non-root, no shell needed.
FROM docker.io/library/debian:bookworm-slim AS build
WORKDIR /src
COPY .ci/packages .ci/packages
RUN apt-get update -qq && \
    apt-get install -y -qq --no-install-recommends $(awk '$1 == "build" { print $2 }' .ci/packages) && \
    rm -rf /var/lib/apt/lists/*
COPY . .
RUN cmake --preset release -DPINHOOK_TESTS=OFF -DPINHOOK_BENCH=OFF && \
    cmake --build build/release --target pinhook && \
    strip build/release/pinhook
# The program's shared libraries, found by the loader itself and copied with their paths.
RUN mkdir -p /out/usr/bin && cp build/release/pinhook /out/usr/bin/ && \
    ldd build/release/pinhook | awk '/=> \// { print $3 } /^\t\/lib/ { print $1 }' | sort -u | xargs -I{} cp -L --parents {} /out/ && \
    mkdir -p /out/etc/ssl/certs /out/tmp && chmod 1777 /out/tmp && cp -L /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ && \
    cp --parents /etc/nsswitch.conf /out/ && echo 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin' >/out/etc/passwd

FROM scratch
COPY --from=build /out/ /
USER 65532:65532
EXPOSE 8443 9090
ENTRYPOINT ["/usr/bin/pinhook"]
CMD ["serve"]
