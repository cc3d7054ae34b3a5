// Translates AWS's refusals into our errors: the JSON of its services, the XML of STS, and the JSON of the agents that
// hand out keys.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/http/message.hpp>

#include <span>
#include <string>
#include <string_view>

namespace pinhook::cloud {

/// A code and a sentence; both may be empty, and both must be quoted in messages.
struct aws_words {
  std::string code;  // "AccessDeniedException", without the namespace before '#' and the link after ':'
  std::string message;
};

/// {"__type": "com.amazon…#AccessDeniedException", "message": "…"} or {"code": "…", "message": "…"}, also with
/// capitals; the header x-amzn-ErrorType when the body names none.
[[nodiscard]] aws_words read_aws_json_error(const http::response& r);
/// <ErrorResponse><Error><Code>…</Code><Message>…</Message></Error></ErrorResponse>
[[nodiscard]] aws_words read_aws_xml_error(const http::response& r);

/// The error for a status that is not 200: "HTTP 400 AccessDeniedException: "…"". By the code where it is more exact
/// than the status (AWS answers 400 to nearly everything): denied, unauthorized, rate_limited, unavailable; else by the
/// status. `sent` is removed from AWS's text, which repeats a request whose signature is wrong, token and all.
[[nodiscard]] error aws_refusal(const http::response& r, const aws_words& words, std::span<const secret> sent);

}  // namespace pinhook::cloud
