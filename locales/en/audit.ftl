# The audit log.

audit-title = Audit log
audit-size = { $count ->
    [one] { $count } entry
   *[other] { $count } entries
}
audit-verified = verified { $when }
audit-never-verified = not verified yet
audit-verify-link = Verify the log
audit-wrong = Something that you searched for is not of its kind. Times are written as 2026-11-22 or 2026-11-22T13:00:00Z; a request begins with req_.
audit-search = Search the log
audit-any = Any
audit-action = Action
audit-actor = Who
audit-subject = About
audit-request = Request
audit-from = From
audit-to = Before
audit-time = Time
audit-sequence = Entry
audit-entries = Entries
audit-search-button = Search
audit-clear = Clear
audit-nothing = No entry fits. Search for less, or clear the search.
audit-pages = Pages
audit-older = Older entries
audit-before = Entry before
audit-after = Entry after
audit-export-title = Take the log away
audit-export-text = JSON Lines hold every entry with its proof and are checked offline with “underwright audit verify --file”. CSV and Parquet are for reading. The period of the search above applies.
audit-manifest = What a file holds and its SHA-256:
audit-entry = Entry { $sequence }
audit-proof = Download its proof
audit-payload = What was done
audit-payload-text = Personal data is sealed: it stands here as ciphertext.
audit-canonical = As it is hashed
audit-canonical-text = The entry’s canonical JSON (RFC 8785): the leaf hash is over these bytes.
audit-facts = Where it stands
audit-build = Written by version
audit-leaf = Leaf hash
audit-verify-title = Verify the log
audit-verify-text = Every entry is hashed again, and held against the tree, the tables and the signed checkpoints.
audit-running = Verifying
audit-beginning = Beginning
audit-progress = { $done } of { $total } entries
audit-running-text = It goes on when you leave this page.
audit-look-again = Look again
audit-intact = The log is intact
audit-intact-text = { $count ->
    [one] { $count } entry was verified.
   *[other] All { $count } entries were verified.
}
audit-root = Root
audit-not-intact = The log is not intact
audit-not-intact-text = { $count ->
    [one] { $count } entry is good. What comes then is not what was written:
   *[other] { $count } entries are good. What comes then is not what was written:
}
audit-broke-off = The log could not be read to its end
audit-broke-off-text = The database did not answer. Try again; if it happens again, tell whoever runs this service.
audit-recorded-text = { $count ->
    [one] { $count } entry, as the log itself records.
   *[other] { $count } entries, as the log itself records.
}
audit-verify-button = { $count ->
    [one] Verify { $count } entry
   *[other] Verify { $count } entries
}
audit-checkpoint-title = The signed head
audit-checkpoint-text = Keep it elsewhere. Whoever holds one can show later that the log was cut off behind it, or rewritten before it.
audit-checkpoint-button = Download the checkpoint
audit-no-checkpoint = There is none yet.

audit-action-application-decided = Decided by model and policy
audit-action-application-reviewed = Decided by a person
audit-action-signing-key-activated = Signing key put into force
audit-action-model-activated = Model put into force
audit-action-policy-activated = Policy put into force
audit-action-applicant-erased = Applicant erased
audit-action-applicant-held = Legal hold placed
audit-action-applicant-released = Legal hold released
audit-action-applicants-expired = Retention period ended
audit-action-applicant-viewed = Personal data seen
audit-action-notice-issued = Letter to the applicant
audit-action-keys-rotated = Encryption key changed
audit-action-log-verified = Log verified
audit-action-session-started = Signed in
audit-action-session-ended = Signed out
audit-action-sign-in-refused = Sign-in refused
audit-action-account-added = Account added
audit-action-account-changed = Account changed
audit-log-verified = Log verified { $when }
audit-log-never-verified = Log not verified yet
