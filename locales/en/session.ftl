# Signing in and out.

session-sign-in-title = Sign in
session-development-text = This server runs in development mode: on this machine only, for anyone who can open this page. Choose a role to see what it sees.
session-development-roles = Sign in as
session-name = Name
session-password = Password
session-submit = Sign in
session-refused = The name or the password is not right.
session-wait = Too many attempts have failed. Try again in { $span }.
session-busy = Too many people are signing in. Try again in a few seconds.
session-own-title = Your sessions
session-own-text = Where you are signed in. A session ends when you sign out, when it was not used for a while, and at the end of the day.
session-browser = Browser
session-started = Signed in
session-last-seen = Last used
session-this = This one
session-end = End it
session-end-others = End all others
session-seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}
