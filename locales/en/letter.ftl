# The letter to an applicant who was declined. What it must hold, and where that stands, is in docs/letters.md.

letter-title = Letter to the applicant
letter-text = It states the reasons above, and is recorded exactly as it goes out. Made once for each language; opened again from the history.
letter-not-set = This server has no lender to write letters for. Whoever runs it sets name and address under [lender].
letter-invented-hint = Development mode: the lender is invented. Set your own under [lender].
letter-make = Make it in { $language }
letter-open = Open the letter
letter-proof = proof
letter-back = Back to the application
letter-print = Print
letter-print-hint = Print this page to send it.
letter-recorded = Recorded { $moment } as entry { $sequence } of the audit log.

letter-invented = Not a real letter: this server runs in development mode, and its lender is invented.
letter-subject = Our decision on your loan application
letter-salutation = Dear { $name },
letter-opening = On { $day } we received your application for a loan of { $amount } over { $months } months (reference { $reference }). We have considered it, and we cannot grant you this loan.
letter-reasons-title = Why we decided so
letter-reasons-text = The principal reasons for our decision are:
letter-report-title = Your credit report
letter-report-text = Our decision rests in part on what a consumer reporting agency told us about you. This agency did not take the decision, and it cannot tell you the specific reasons for it:
letter-report-rights = The Fair Credit Reporting Act gives you the right to learn what is in your credit file. Within 60 days of receiving this letter you may ask this agency for a copy of your report free of charge. If anything in it is inaccurate or incomplete, you have the right to dispute that with the agency.
letter-score-title = Your credit score
letter-score-text = We also used a credit score: a number that says how likely it is that a loan will be repaid, and that changes as your circumstances and your credit report change.
letter-score-number = Your score: { $score }
letter-score-date = Computed on: { $day }
letter-score-range = Lowest and highest score possible: { $least } to { $greatest }; a higher score means a lower risk
letter-score-provider = Computed by: { $lender }
letter-score-factors = What lowered your score most:
letter-notice-title = Notice
letter-notice = The Federal Equal Credit Opportunity Act prohibits creditors from discriminating against credit applicants on the basis of race, color, religion, national origin, sex, marital status, age (provided the applicant has the capacity to enter into a binding contract); because all or part of the applicant's income derives from any public assistance program; or because the applicant has in good faith exercised any right under the Consumer Credit Protection Act. The Federal agency that administers compliance with this law concerning this creditor is { $agency }.
letter-english-on-request = You may ask us for this letter in English.
letter-questions = If you have questions, write to us at the address above.
letter-questions-telephone = If you have questions, write to us at the address above or call { $telephone }.
letter-closing = Yours sincerely,
letter-refused-title = There is no letter to make
letter-refused-text = Only a declined application gets a letter, and whoever runs this service must have set the lender, its agency and the credit bureau under [lender].
