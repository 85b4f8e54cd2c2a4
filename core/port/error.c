/* SPDX-License-Identifier: ISC */
/*
 * The table of protocol failures.
 */
#include "core/port/error.h"

#include "core/base/bug.h"

static const struct oauth_error_row rows[OAUTH_ERROR_COUNT] = {
	[OAUTH_NONE] = {"", 200, false, false, "internal"},
	[OAUTH_INVALID_REQUEST] = {"invalid_request", 400, true, false, "request_malformed"},
	[OAUTH_INVALID_CLIENT] = {"invalid_client", 401, false, false, "unknown_client"},
	[OAUTH_INVALID_GRANT] = {"invalid_grant", 400, false, false, "request_malformed"},
	[OAUTH_UNAUTHORIZED_CLIENT] = {"unauthorized_client", 400, true, false,
				       "request_malformed"},
	[OAUTH_UNSUPPORTED_GRANT_TYPE] = {"unsupported_grant_type", 400, false, false,
					  "request_malformed"},
	[OAUTH_UNSUPPORTED_RESPONSE_TYPE] = {"unsupported_response_type", 400, true, false,
					     "request_malformed"},
	[OAUTH_INVALID_SCOPE] = {"invalid_scope", 400, true, false, "request_malformed"},
	[OAUTH_ACCESS_DENIED] = {"access_denied", 400, true, false, "access_denied"},
	[OAUTH_SERVER_ERROR] = {"server_error", 500, true, false, "internal"},
	[OAUTH_TEMPORARILY_UNAVAILABLE] = {"temporarily_unavailable", 503, true, false,
					   "unavailable"},
	[OAUTH_INTERACTION_REQUIRED] = {"interaction_required", 400, true, false,
					"request_malformed"},
	[OAUTH_LOGIN_REQUIRED] = {"login_required", 400, true, false, "request_malformed"},
	[OAUTH_ACCOUNT_SELECTION_REQUIRED] = {"account_selection_required", 400, true, false,
					      "request_malformed"},
	[OAUTH_CONSENT_REQUIRED] = {"consent_required", 400, true, false, "request_malformed"},
	[OAUTH_REQUEST_NOT_SUPPORTED] = {"request_not_supported", 400, true, false,
					 "request_malformed"},
	[OAUTH_REQUEST_URI_NOT_SUPPORTED] = {"request_uri_not_supported", 400, true, false,
					     "request_malformed"},
	[OAUTH_REGISTRATION_NOT_SUPPORTED] = {"registration_not_supported", 400, true, false,
					      "request_malformed"},
	[OAUTH_UNMET_AUTHENTICATION_REQUIREMENTS] = {"unmet_authentication_requirements", 400, true,
						     false, "request_malformed"},
	[OAUTH_INVALID_TOKEN] = {"invalid_token", 401, false, true, "request_malformed"},
	[OAUTH_INSUFFICIENT_SCOPE] = {"insufficient_scope", 403, false, true, "request_malformed"},
	[OAUTH_UNSUPPORTED_TOKEN_TYPE] = {"unsupported_token_type", 400, false, false,
					  "request_malformed"},
	[OAUTH_INVALID_TARGET] = {"invalid_target", 400, true, false, "request_malformed"},
	[OAUTH_AUTHORIZATION_PENDING] = {"authorization_pending", 400, false, false,
					 "request_malformed"},
	[OAUTH_SLOW_DOWN] = {"slow_down", 400, false, false, "request_malformed"},
	[OAUTH_EXPIRED_TOKEN] = {"expired_token", 400, false, false, "request_malformed"},
	[OAUTH_INVALID_REDIRECT_URI] = {"invalid_redirect_uri", 400, false, false,
					"request_malformed"},
	[OAUTH_INVALID_CLIENT_METADATA] = {"invalid_client_metadata", 400, false, false,
					   "request_malformed"},
	[OAUTH_INVALID_SOFTWARE_STATEMENT] = {"invalid_software_statement", 400, false, false,
					      "request_malformed"},
	[OAUTH_UNAPPROVED_SOFTWARE_STATEMENT] = {"unapproved_software_statement", 400, false, false,
						 "request_malformed"},
	[OAUTH_INVALID_REQUEST_URI] = {"invalid_request_uri", 400, true, false,
				       "request_malformed"},
	[OAUTH_NOT_FOUND] = {"not_found", 404, false, false, "not_found"},
	[OAUTH_METHOD_NOT_ALLOWED] = {"method_not_allowed", 405, false, false,
				      "method_not_allowed"},
	[OAUTH_BODY_TOO_LARGE] = {"invalid_request", 413, false, false, "body_too_large"},
	[OAUTH_TOO_MANY_REQUESTS] = {"too_many_requests", 429, false, false, "too_many_requests"},
};

const struct oauth_error_row *
oauth_error_row(enum oauth_error error)
{
	if (error >= OAUTH_ERROR_COUNT)
		bug("unknown protocol error");
	return &rows[error];
}
