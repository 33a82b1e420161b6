# Where a value stands among those of comparable applicants.

standing-higher = higher than { $share } of 100
standing-lower = lower than { $share } of 100
standing-like = same as { $share } of 100
standing-like-higher = same as { $same } of 100, higher than { $share }
standing-like-lower = same as { $same } of 100, lower than { $share }
standing-missing = not known, as of { $share } of 100
standing-alone = known of nobody else
standing-decisions = Compared with the last { $count } applicants whom this model decided.
standing-tested = Compared with { $count } loans of the data that the model was tested on, because it has decided fewer than { $fewest } applications yet.
standing-nobody = Nobody is compared with: the model has decided fewer than { $fewest } applications yet.
standing-soon = Comparable applicants are being counted: open the page again in a moment.
