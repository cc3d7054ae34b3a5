#!/usr/bin/env bash
# libcurl 7.88.1 (Debian 12: 7.88.1-10+deb12u15), lib/hostip.c, hostcache_timestamp_remove. https://curl.se/
#
# Surprise: CURLOPT_DNS_CACHE_TIMEOUT is documented as "how long to keep in-memory cached DNS names", and all other times of
# libcurl are by the steady clock; but the age of a name is the difference of two calls of time(). With a calendar that is set
# back by an hour (NTP's first step, a suspended machine's clock) all names that are held live an hour longer than the timeout:
# a host that moved is sought where it was for that hour, also after connections to there have failed. A smaller timeout does
# not help, for the age is negative; with 0 nothing is held, as documented. A calendar set forward drops the names, which is
# harmless.
#
# The script gets a page three times from a name whose address changes after the first, with a timeout of one second, two seconds
# apart: with a true calendar, and with one set back by an hour in between. It ends with 1 when what it sees is no longer this.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >names.c <<'C'
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long ahead;                       /* of the calendar */
static const char *address = "127.0.0.1";  /* of host.test */

time_t time(time_t *out) {
  struct timespec now;
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec + ahead;
  return now.tv_sec + ahead;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out) {
  int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
  return real(node && !strcmp(node, "host.test") ? address : node, service, hints, out);
}

/* The address that libcurl connects to; nothing need listen there. */
static curl_socket_t on_open(void *to, curlsocktype purpose, struct curl_sockaddr *at) {
  inet_ntop(AF_INET, &((struct sockaddr_in *)&at->addr)->sin_addr, to, 64);
  return CURL_SOCKET_BAD;
}

int main(int count, char **value) {
  CURL *easy = curl_easy_init();
  char to[64] = "none";
  curl_easy_setopt(easy, CURLOPT_URL, "http://host.test/");
  curl_easy_setopt(easy, CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
  curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 1L);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, to);
  for (int i = 0; i < 3; ++i) {
    if (i) sleep(2);
    curl_easy_perform(easy);
    printf("%s ", to);
    if (i == 0) ahead = atol(value[1]), address = "127.0.0.2";
  }
  puts("");
  curl_easy_cleanup(easy);
  return 0;
}
C
gcc -O1 -rdynamic names.c -lcurl -ldl -o names 2>errors || { cat errors >&2; echo "this needs gcc and libcurl4-openssl-dev" >&2; exit 2; }
echo "libcurl $(curl-config --version | cut -d' ' -f2)"

true_calendar=$(./names 0)
ahead=$(./names 3600)
back=$(./names -3600)
echo "true calendar:         $true_calendar"
echo "set ahead by an hour:  $ahead"
echo "set back by an hour:   $back"
[ "$true_calendar" = "127.0.0.1 127.0.0.2 127.0.0.2 " ] || { echo "changed: with a true calendar" >&2; exit 1; }
[ "$ahead" = "$true_calendar" ] || { echo "changed: with a calendar ahead" >&2; exit 1; }
[ "$back" = "127.0.0.1 127.0.0.1 127.0.0.1 " ] || { echo "changed: with a calendar set back" >&2; exit 1; }
echo "seen as described"
