"""Each number of a policy: the range it may have, and the reason for its default."""

from __future__ import annotations

from typing import NamedTuple


class Number(NamedTuple):
    """The range a field may have and the reason for its default."""

    field: str
    low: float
    high: float
    why: str


class Section(NamedTuple):
    title: str
    numbers: tuple[Number, ...]


SECTIONS = (
    Section(
        "Floor: how many independent people (voices) it takes at least, whatever else speaks for it.",
        (
            Number("floor_block", 1, 1000, "several people means three at the very least"),
            Number("floor_blur", 1, 1000, "a blur costs a reader one click, so two people may cause it"),
            Number(
                "views_per_floor",
                100,
                1e9,
                "one more voice for every 25,000 views: stray reports grow with the audience",
            ),
        ),
    ),
    Section(
        "Established: voices of accounts that were not made for the occasion.",
        (
            Number(
                "established",
                0,
                100,
                "three people of unknown age reach 1.5, so a site without accounts still works",
            ),
            Number("unknown_age_counts", 0, 1, "an account whose age the site does not say counts half"),
            Number(
                "newcomer_days",
                0,
                3650,
                "accounts bought for an attack are used within days; waiting two weeks costs",
            ),
            Number("newcomer_confirmed", 1, 1000, "two confirmed reports say more than an account's age"),
        ),
    ),
    Section(
        "Anonymous readers: whom the site does not know, and who proved some work with their browser.",
        (
            Number("anonymous", 0, 1, "whether they may report at all: readers of a news page have no accounts"),
            Number(
                "anonymous_weight",
                0.01,
                1,
                "work and an address can be bought, so a report counts half until two of its reader's were confirmed",
            ),
            Number(
                "anonymous_counts",
                0,
                1,
                "what a voice counts towards `established`: nothing, or a thousand addresses would block anything; "
                "above 0 anonymous readers alone can block, and are no longer linked as newcomers",
            ),
        ),
    ),
    Section(
        "Record: what people decided about a reporter's earlier reports.",
        (
            Number(
                "record_pool",
                1,
                1_000_000,
                "from 40 people with a confirmed record on, one of them must take part",
            ),
            Number(
                "stakes",
                1,
                1000,
                "a record supports two unreviewed blocks at a time: many strikes at once need a person",
            ),
            Number(
                "stakes_young",
                1,
                1000,
                "without records two would stop a small site at two pictures a night; ten are a morning's work",
            ),
            Number(
                "stakes_blur",
                1,
                1000,
                "once there are records, who holds up five pictures that nobody has looked at carries no further blur: "
                "a crowd could blur until moderators see nothing else. Without attack, no simulated community lost any",
            ),
            Number("site_prior_confirmed", 0.01, 1000, "before any review, 1.2 of 2 reports count as confirmed: 60 %"),
            Number("site_prior_reviewed", 0.02, 1000, "the prior weighs as much as two reviewed reports"),
            Number("record_strength", 0.1, 1000, "the site's rate weighs as much as four of a reporter's own reports"),
            Number("record_other", 0, 1, "a record earned on one reason says 30 % as much about another"),
            Number(
                "probation_days",
                0,
                3650,
                "a month, long enough that a ring cannot strike twice before reviews return",
            ),
            Number("probation_weight", 0.01, 1, "after a wrong block a report counts a third: three of them make one"),
        ),
    ),
    Section(
        "Links: how likely two reporters are one and the same.",
        (
            Number("link_device", 0, 1, "one device is nearly always one person, but families share"),
            Number("link_referrer", 0, 1, "half of those whom the same link sent would not have come by themselves"),
            Number("link_network", 0, 1, "a network nobody else uses is mostly one household"),
            Number(
                "link_network_people",
                0.1,
                1e6,
                "a carrier's hundreds link weakly, yet sixty accounts behind one address make fewer than three voices",
            ),
            Number("link_cohort", 0, 1, "newcomers made within days of each other are often made together"),
            Number("cohort_days", 0, 365, "two days: bought accounts come in batches"),
            Number(
                "link_shared_rejected",
                0,
                1,
                "what must be independent are the errors: a shared error links by 0.6, two by 0.84",
            ),
            Number("link_co_reports", 0, 1, "reporting the same things is weaker evidence: friends share taste"),
            Number("co_reports_slope", 0, 100, "how fast common reports beyond the first link two people"),
            Number("co_reports_offset", 0, 1000, "keeps two people with hardly any reports from being linked by them"),
            Number(
                "proven_reviews",
                0.1,
                10_000,
                "in the probability alone, ten reviewed pictures halve what shared habits say against a person",
            ),
        ),
    ),
    Section(
        "Views: what silence says.",
        (
            Number("default_views", 1, 1e9, "assumed when a site sends no views and has no median yet"),
            Number(
                "views_cap",
                1,
                1e9,
                "silence beyond 200 views says nothing more, or bots that look would shield a picture",
            ),
            Number(
                "views_cap_medians",
                0,
                1000,
                "nor beyond twice the site's median, where that is more: 200 views are few on a site that many read",
            ),
            Number(
                "lost_cap",
                0,
                1000,
                "linked weight beyond two voices says nothing more, or the uploader's own accounts would shield it",
            ),
            Number("newcomers_cap", 0, 1000, "four young accounts say as much of a campaign as forty"),
        ),
    ),
    Section(
        "Viewers: who looked and stayed silent, person by person, where the site says who was shown a picture.",
        (
            Number(
                "viewers_days",
                0,
                30,
                "how long keyed digests of who was shown what are kept; 0: never, and silence counts by views alone",
            ),
            Number(
                "coin_sensitivity",
                1,
                10_000,
                "the site's rate of reporting violations weighs as much as ten that a person saw",
            ),
            Number(
                "coin_false_alarm",
                1,
                10_000,
                "false alarms are rare, so it takes five times as many fine pictures to tell one person from the next",
            ),
            Number(
                "silence_most",
                1,
                1000,
                "one diligent person's silence counts ten views at most, or a few with a record would shield a picture",
            ),
            Number(
                "report_most",
                1,
                10,
                "in the probability alone, a report by somebody who is seldom wrong says up to twice as much",
            ),
        ),
    ),
    Section(
        "Guard: if honest viewers of a legitimate image report with probability <= rho0 and at most guard_reports "
        "reports come from outside, it is ever blocked with probability <= alpha. Needs views.",
        (
            Number(
                "guard_reports",
                0,
                1000,
                "the two strongest voices are set aside: two friends with a grudge block nothing",
            ),
            Number(
                "guard_rho0",
                1e-6,
                0.5,
                "0.6 % of viewers report a legitimate image; the learned rate counts when it is higher",
            ),
            Number("guard_alpha", 1e-6, 0.5, "one legitimate image in a hundred, over its whole life"),
        ),
    ),
    Section(
        "Breaker: far more automatic blocks in an hour than usual send cases to people instead.",
        (
            Number(
                "breaker_blocks",
                1,
                1_000_000,
                "always allowed in an hour: what one person can look through in half an hour",
            ),
            Number("breaker_times", 1, 1000, "ten times the usual pace is an event or an attack; a person should tell"),
        ),
    ),
    Section(
        "Trust: the engine blocks no further ahead of people than they have found it to be right.",
        (
            Number(
                "trust_blocks",
                1,
                1_000_000,
                "once there are records, one block a day more than people look at, or as many as they upheld on a mean "
                "day: a ring with records blocks one picture before somebody looks; the others are blurred",
            ),
            Number(
                "trust_wrong",
                0,
                1,
                "once there are records: one wrong automatic block in ten is bad luck, more is a way in, and people "
                "decide",
            ),
            Number(
                "trust_days",
                0.1,
                90,
                "a fortnight: long enough that a ring which was found out is on probation, short enough that one "
                "mistake is forgotten",
            ),
        ),
    ),
    Section(
        "Copies: how many of a hash's 256 bits may differ.",
        (
            Number(
                "copy_distance", 0, 31, "up to here a picture is a copy without doubt, and shares its family's state"
            ),
            Number("likely_distance", 0, 31, "up to here a person is shown it as a likely copy; the search ends at 31"),
        ),
    ),
    Section(
        "People: when they are asked and how long they have.",
        (
            Number(
                "review_from",
                0,
                1,
                "a case goes to review from a chance of 1 % on; the queue's order does the rest",
            ),
            Number("review_within_hours", 0.1, 8760, "a day: small sites look once a day"),
            Number(
                "lapse",
                0,
                1,
                "whether a block ends when nobody looked in time; it stands, as nights are when attacks come",
            ),
            Number(
                "audit_share",
                0,
                1,
                "of what reports blocked, or left alone, one in twenty is looked at by chance: a look or two a week",
            ),
            Number(
                "immunity_hours",
                0,
                8760,
                "a rejected image stays up for a day at least; doubled at each further rejection",
            ),
        ),
    ),
    Section(
        "Abuse: who reports wrongly again and again is warned first, then suspended for a time.",
        (
            Number(
                "abuse_rejected",
                0,
                1000,
                "five pictures reported that people clearly found to be fine; two or three are bad luck. 0: never",
            ),
            Number(
                "abuse_share",
                0.5,
                1,
                "of all reviewed ones three quarters must be wrong: whoever is often right may also be often wrong",
            ),
            Number("abuse_days", 1, 90, "a quarter: long enough to be reviewed, short enough to be forgotten"),
            Number(
                "warning_days", 1, 3650, "a year after the last step all is forgotten, and it begins with a warning"
            ),
            Number("suspension_days", 0.1, 365, "a week for the first time, twice as long each time after"),
            Number("suspension_most_days", 0.1, 3650, "half a year: a suspension always ends by itself"),
        ),
    ),
    Section(
        "Kept: how many days data about people is kept (docs/privacy.md); counts and decisions stay.",
        (
            Number(
                "signals_days",
                1,
                36_500,
                "digests of device, network and link, after a case's last report: who floods comes back within weeks",
            ),
            Number("comments_days", 1, 36_500, "what reporters and moderators wrote: as long as anybody may object"),
            Number("pages_days", 1, 36_500, "addresses of pages and captions: as long as a page is news"),
            Number("reporters_days", 1, 36_500, "who has not reported for two years begins anew, without a record"),
            Number("log_days", 1, 36_500, "pseudonyms in the log: so much history can be replayed person by person"),
        ),
    ),
    Section(
        "Shadow: to watch a policy before it may act.",
        (
            Number(
                "shadow",
                0,
                1,
                "true: everything is decided, recorded and put before people, but nothing is blurred or blocked",
            ),
        ),
    ),
)

RULE_NUMBERS = (
    Number(
        "harm",
        0.001,
        1000,
        "what one view of a violating image costs: mild 1, graphic or hateful 2, terrorism and child safety 5",
    ),
    Number("cost_block", 0.001, 1e6, "what a wrong block costs; blocked from P >= cost_block / (cost_block + harm)"),
    Number("cost_blur", 0.001, 1e6, "what a wrong blur costs: a click"),
    Number("blur", 0, 1, "whether a blur may come before a block"),
    Number(
        "guard",
        0,
        1,
        "where minutes count more than a wrong block, terrorism and child safety, only from the record pool on",
    ),
)
