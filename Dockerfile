# Two stages: pinhook is built and tested on Debian 12, then taken alone with the libraries it loads. `make image` builds it for
# amd64 and arm64 and says how big it is; `docker build .` and `buildah build .` build it for the machine they run on.
#
#   BASE               what it is built on: Debian 12; a release gives it by digest. Packages come from its package sources
#   SNAPSHOT           a date such as 20261129T000000Z: packages come from that day's state of snapshot.debian.org
#   TESTS              off leaves the tests out, for a quick image
#   SOURCE_DATE_EPOCH  the date of every file, in seconds; the same source, base and packages make the same files
#   VERSION, REVISION  what the image's labels say, and SOURCE, the repository of the revision; VERSION is checked against the program
#   BASE_DIGEST        the digest that BASE stood for, for the record of what was built from what
#   CCACHE_DISABLE     1 compiles everything anew (`make image-twice`)
#
# For another architecture (--platform=linux/arm64) the builder's own compiler crosses over, and the tests are left out:
# `make test-arm64` runs them.
ARG BASE=docker.io/library/debian:bookworm-slim
ARG VERSION=0.1.0

FROM --platform=$BUILDPLATFORM ${BASE} AS build
ARG BUILDARCH
ARG TARGETARCH
ARG TESTS=on
ARG SNAPSHOT=""
WORKDIR /src
COPY .ci/packages .ci/install .ci/snapshot .ci/
RUN if [ -n "$SNAPSHOT" ]; then .ci/snapshot "$SNAPSHOT"; fi && \
    if [ "$TARGETARCH" != "$BUILDARCH" ]; then TARGET=$TARGETARCH .ci/install build cross; \
    elif [ "$TESTS" != off ]; then .ci/install build test; \
    else .ci/install build; fi
# What the base came with and Debian has fixed since: libraries of it are shipped.
RUN DEBIAN_FRONTEND=noninteractive apt-get upgrade -y -qq --no-install-recommends >/dev/null
COPY . .
ARG JOBS=""
ARG CCACHE_DISABLE
RUN --mount=type=cache,target=/root/.cache/ccache \
    if [ "$TARGETARCH" != "$BUILDARCH" ]; then preset=$TARGETARCH TESTS=off; else preset=release; fi && \
    cmake --preset $preset -B build/image -DPINHOOK_TESTS=$TESTS -DPINHOOK_BENCH=OFF -DPINHOOK_UNITY=ON && \
    cmake --build build/image -j "${JOBS:-$(nproc)}"
# All suites but the one that needs a control plane; everything they talk to is on loopback.
RUN if [ "$TESTS" != off ] && [ "$TARGETARCH" = "$BUILDARCH" ]; then \
    ctest --test-dir build/image --output-on-failure -j "${JOBS:-$(nproc)}" -E e2e; fi
# The program, its shared libraries as the loader finds them, and of each Debian package among them its licence and its entry in
# dpkg's status: scanners of images read /var/lib/dpkg/status.d. Beside them the list of what was there while it was built.
ARG VERSION
ARG SOURCE_DATE_EPOCH=0
ARG BASE
ARG BASE_DIGEST=""
RUN .ci/image-materials "docker://$BASE" "$BASE_DIGEST" >/materials && \
    .ci/image-files build/image/pinhook /out "$VERSION" "$SOURCE_DATE_EPOCH" /materials

FROM scratch
ARG VERSION
ARG REVISION=""
ARG SOURCE=""
LABEL org.opencontainers.image.title="pinhook" \
      org.opencontainers.image.description="Mutating admission webhook that resolves image tags to digests" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /out/ /
USER 65532:65532
EXPOSE 8443 9090
ENTRYPOINT ["/usr/bin/pinhook"]
CMD ["serve"]
