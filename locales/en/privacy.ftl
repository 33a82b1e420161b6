# The rights of applicants.

privacy-title = Applicants
privacy-text = Find an applicant’s applications, keep the data, or erase it.
privacy-reference = Applicant’s number
privacy-reference-hint = The lender’s own, such as C-88121
privacy-national-id = or national id
privacy-national-id-hint = Kept by a keyed hash alone
privacy-wrong = Type a number, or a national id.
privacy-find = Find
privacy-nothing = Nobody was found. An applicant who was erased is not found any more.
privacy-not-found = There is no application of this applicant.
privacy-application = Application
privacy-outcome = Outcome
privacy-received = Received
privacy-held = Legal hold
privacy-held-text = While the hold stands the data can be neither erased nor expire.
privacy-held-now = The data is held now.
privacy-released-now = The hold is released.
privacy-erased-now = { $applications ->
    [one] Erased from { $applications } application; entry { $sequence } of the log.
   *[other] Erased from { $applications } applications; entry { $sequence } of the log.
}
privacy-hold = Place a legal hold
privacy-release = Release the hold
privacy-erase = Erase…
privacy-has-more = There are more than are shown.
privacy-erase-title = Erase this applicant?
privacy-erase-text = { $applications ->
    [one] The key of { $applications } application is destroyed. Name, birthday, address, identity number and what reviewers noted can be read by nobody from then on, in backups of the log either. This cannot be undone.
   *[other] The keys of { $applications } applications are destroyed. Name, birthday, address, identity number and what reviewers noted can be read by nobody from then on, in backups of the log either. This cannot be undone.
}
privacy-erase-stays = What was decided, its explanation and every hash of the log stay as they are.
privacy-erase-type = Type the applicant’s number
privacy-erase-wrong = This is another number.
privacy-erase-button = Erase for good
privacy-cancel = Cancel
