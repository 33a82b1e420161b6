# Factors of the shipped model by their names: the very labels, which a test holds against the model. A translation stands
# only where the model's label is the one that stands here.

factors-term-months = Term in months
factors-purpose = Purpose
factors-annual-income = Annual income
factors-loan-to-income = Loan amount to annual income
factors-debt-to-income = Monthly debt payments to monthly income, %
factors-employment-years = Years with the present employer (10 and more count as 10)
factors-credit-history-months = Months since the first credit line
factors-delinquencies-24m = Payments 30 or more days late in the last 24 months
factors-months-since-delinquency = Months since the last delinquency
factors-inquiries-6m = Inquiries by lenders in the last 6 months
factors-public-records = Public records
factors-months-since-public-record = Months since the last public record
factors-bankruptcies = Bankruptcies
factors-open-accounts = Open accounts
factors-total-accounts = Total accounts
factors-revolving-utilization = Revolving balances to credit limits
factors-balance-to-income = Revolving balances to annual income
factors-credit-limit = Sum of the limits on revolving accounts

# Their categories.

factors-value-car = car
factors-value-credit-card = credit card
factors-value-debt-consolidation = debt consolidation
factors-value-educational = educational
factors-value-home-improvement = home improvement
factors-value-house = house
factors-value-major-purchase = major purchase
factors-value-medical = medical
factors-value-moving = moving
factors-value-other = other
factors-value-renewable-energy = renewable energy
factors-value-small-business = small business
factors-value-vacation = vacation
factors-value-wedding = wedding
