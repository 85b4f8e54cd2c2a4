# SPDX-License-Identifier: ISC
"""Sign-in for a Flask application with Authlib.

    OIDC_ISSUER         the realm's issuer, such as https://login.example.org
    OIDC_CLIENT_ID      what `ostiary client add` printed
    OIDC_CLIENT_SECRET  the same; from a file or a secret store in real life
    APP_SECRET          signs the application's own session cookie
"""

import os

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, render_template_string, session, url_for

app = Flask(__name__)
app.secret_key = os.environ["APP_SECRET"]
app.config.update(SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax",
                  SESSION_COOKIE_NAME="quickstart")

oauth = OAuth(app)
oauth.register(
    "ostiary",
    server_metadata_url=os.environ["OIDC_ISSUER"] + "/.well-known/openid-configuration",
    client_id=os.environ["OIDC_CLIENT_ID"],
    client_secret=os.environ["OIDC_CLIENT_SECRET"],
    client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
)

PAGE = """<!DOCTYPE html><html lang="en"><title>Quick start</title>
{% if person %}<p>Hello, {{ person.name or person.sub }}.</p>
<form method="post" action="{{ url_for('sign_out') }}"><button>Sign out</button></form>
{% else %}<p>Nobody is signed in.</p><a href="{{ url_for('sign_in') }}">Sign in</a>{% endif %}
{% if problem %}<p role="alert">{{ problem }}</p>{% endif %}"""


@app.get("/")
def home():
    return render_template_string(PAGE, person=session.get("person"), problem=None)


@app.get("/signin")
def sign_in():
    return oauth.ostiary.authorize_redirect(url_for("callback", _external=True))


@app.get("/callback")
def callback():
    try:
        token = oauth.ostiary.authorize_access_token()  # checks state, nonce, signature, times
    except OAuthError as error:  # the person cancelled, or the page was too old
        text = render_template_string(PAGE, person=None, problem=error.description or error.error)
        return text, 400
    session["person"] = dict(token["userinfo"])  # the claims of the ID token
    if "name" not in session["person"]:
        session["person"] = dict(oauth.ostiary.userinfo(token=token))
    return redirect(url_for("home"))


@app.post("/signout")
def sign_out():
    session.clear()
    return redirect(url_for("home"))
