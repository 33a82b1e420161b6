# Signing in and out.

session-sign-in-title = Sign in
session-development-text = This server runs in development mode: on this machine only, for anyone who can open this page. Choose a role to see what it sees.
session-development-roles = Sign in as
session-accounts-text = Sign in with the account that your administrator made for you.
