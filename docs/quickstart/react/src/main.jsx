// SPDX-License-Identifier: ISC
// A single-page application that signs people in with react-oidc-context: authorization code with
// PKCE as a public client. Nothing here is secret.
import React from "react";
import { createRoot } from "react-dom/client";
import { AuthProvider, useAuth } from "react-oidc-context";

const settings = {
	authority: import.meta.env.VITE_OIDC_ISSUER,
	client_id: import.meta.env.VITE_OIDC_CLIENT_ID,
	redirect_uri: window.location.origin + "/",
	post_logout_redirect_uri: window.location.origin + "/",
	scope: "openid profile email offline_access",
	loadUserInfo: true, // the ID token says who somebody is; name and e-mail come from userinfo
	automaticSilentRenew: true, // with the refresh token
	// takes the answer out of the address bar
	onSigninCallback: () => window.history.replaceState({}, "", window.location.pathname),
};

function App() {
	const auth = useAuth();

	if (auth.isLoading)
		return <p role="status">One moment …</p>;
	if (auth.error)
		return <p role="alert">{auth.error.message}</p>;
	if (!auth.isAuthenticated)
		return <button onClick={() => auth.signinRedirect()}>Sign in</button>;
	return (
		<>
			<p>Hello, {auth.user.profile.name ?? auth.user.profile.sub}.</p>
			<button onClick={() => auth.signoutRedirect()}>Sign out</button>
		</>
	);
}

createRoot(document.getElementById("root")).render(
	<React.StrictMode>
		<AuthProvider {...settings}>
			<App />
		</AuthProvider>
	</React.StrictMode>,
);
