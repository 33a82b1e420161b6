# Reasons as the shipped model and policy state them, by their codes: the very texts, which a test holds against those that decide.
# A translation stands for a reason only where the recorded text is the one that stands here. docs/console.md says more.

reasons-not-given = Not given or not known: { $factor }
reasons-as-recorded = Some texts stand in the words of the model or policy that decided: there is no translation of them.

reasons-uw-balance-to-income = Balances on revolving accounts are high in relation to income
reasons-uw-bankruptcies = Number of bankruptcies on the credit file
reasons-uw-closed-accounts = Number of credit accounts that are closed
reasons-uw-credit-history = Length of credit history is short
reasons-uw-credit-limit = Sum of the limits on revolving accounts
reasons-uw-debt-to-income = Existing debt payments are high in relation to income
reasons-uw-delinquencies = Number of late payments in the last two years
reasons-uw-employment-length = Length of employment is short
reasons-uw-home-ownership = Kind of housing: rented, owned or mortgaged
reasons-uw-income = Income is low
reasons-uw-income-verification = How far the stated income was verified
reasons-uw-inquiries = Number of recent inquiries by lenders
reasons-uw-instalment = Size of the loan's monthly instalment
reasons-uw-instalment-to-income = The loan's instalments are high in relation to income
reasons-uw-loan-amount = Amount of the loan requested
reasons-uw-loan-to-income = Amount of the loan is high in relation to income
reasons-uw-open-accounts = Number of open credit accounts
reasons-uw-public-records = Number of adverse public records on the credit file
reasons-uw-purpose = Purpose of the loan
reasons-uw-remaining-income = Income left after existing debt payments is low
reasons-uw-revolving-balance = Balance on revolving accounts
reasons-uw-revolving-utilization = Proportion of balances to credit limits is too high
reasons-uw-term = Repayment term of the loan is long
reasons-uw-time-since-delinquency = Time since the last late payment
reasons-uw-time-since-public-record = Time since the last adverse public record
reasons-uw-total-accounts = Number of credit accounts, open and closed
reasons-uw-total-debt-to-income = Debt payments, with this loan's, are high in relation to income

# Reasons that belong to every policy.

reasons-uw-no-bureau-file = No credit bureau file was found for the applicant
reasons-uw-outside-experience = A value in the application is missing, or lies outside the range, in a way that no loan did from which the model learned
reasons-uw-rule-not-evaluated = A rule of the lending policy could not be applied to the application
reasons-uw-risk = The risk of default, all factors taken together, is too high

# The rules of the shipped policy.

reasons-uw-minimum-age = Applicants must be at least 18 years old
reasons-uw-debt-to-income-cap = Existing debt payments take more than 40 percent of income
reasons-uw-debt-to-income-limit = Existing debt payments take more than 60 percent of income
reasons-uw-loan-to-income-cap = The loan is larger than half a year's income
reasons-uw-recent-bankruptcy = A bankruptcy is on the credit file, and the last public record is less than 24 months old
reasons-uw-thin-credit-file = The credit file holds fewer than three accounts
reasons-uw-many-inquiries = Six or more lenders asked for the credit file in the last six months
reasons-uw-unverified-income = The income was not verified, which a loan of 20,000 or more requires
