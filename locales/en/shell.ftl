# What stands on every page, and words that many pages use.

shell-product = Underwright
shell-skip = Skip to the content
shell-main-navigation = Main
shell-menu = Menu
shell-home = Home
shell-applications = Applications
shell-review = Waiting for review
shell-new-application = New application
shell-models = Models
shell-policy = Policy
shell-audit = Audit log
shell-applicants = Applicants
shell-waiting = { $count ->
    [one] { $count } waiting
   *[other] { $count } waiting
}
shell-sign-out = Sign out
shell-signed-in-as = Signed in as
shell-language = Language
shell-theme = Theme
shell-theme-system = System
shell-theme-light = Light
shell-theme-dark = Dark

shell-role-officer = Loan officer
shell-role-manager = Manager
shell-role-risk = Risk
shell-role-auditor = Auditor
shell-role-privacy = Privacy officer
shell-role-service = Core banking
shell-role-admin = Administrator

shell-outcome-approve = Approved
shell-outcome-review = Waits for review
shell-outcome-decline = Declined
shell-status-decided = Decided

shell-just-now = just now
shell-ago = { $span } ago
shell-span-moment = a moment
shell-span-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
shell-span-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
shell-span-days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}

shell-refused-request = Request
shell-back-home = Go to the home page
shell-not-found-title = There is no such page
shell-not-found-text = The address may be misspelt, or what stood here is not yours to see.
shell-forbidden-title = Your role may not do this
shell-forbidden-text = If you need it for your work, ask whoever manages the accounts. If you sent a form, open its page again and repeat it: your session may have changed meanwhile.
shell-busy-title = Too much is waiting
shell-busy-text = Nothing of this was kept. Wait a few seconds and try again.
shell-conflict-title = Somebody was quicker
shell-conflict-text = The application has changed since you opened it. Open it again to see what was decided.
shell-erased-title = This cannot be done with the applicant’s data
shell-erased-text = The data was erased, or there is a legal hold on it.
shell-failed-title = Something went wrong here
shell-failed-text = It is not your fault. Nothing of this was kept unless you find it when you look. If it happens again, name the request below to whoever runs this service.
shell-bad-request-title = This cannot be read
shell-bad-request-text = The address or the form is not of the kind that this page takes. Go back and try again.
