# The applicant's personal data on the page of an application.

personal-title = Applicant
personal-hidden = Name, date of birth, national id, contact and address are hidden. Whoever looks is recorded, with time and reason.
personal-closed = Personal data is hidden. Loan officers and managers may look at it; every look stands in the history.
personal-erased = The applicant's data was erased. Nobody can read it any more.
personal-why = Why do you need it?
personal-choose = Choose a reason
personal-wrong = Choose the reason for which you need to see it.
personal-show = Show personal data
personal-shown = Shown once, and recorded. It is hidden again when you open this page anew.
personal-name = Name
personal-reference = Customer number
personal-birth = Date of birth
personal-national-id = National id
personal-email = E-mail
personal-phone = Telephone
personal-address = Address
personal-reason-contact = To contact the applicant
personal-reason-identity = To check the applicant's identity
personal-reason-documents = To compare documents
personal-reason-complaint = To answer a complaint
personal-reason-access-request = To answer the applicant's request for access
personal-reason-letter = To open a letter
