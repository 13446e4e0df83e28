"""What each code of `rules check` means, with an example of the wrong and the right text and what to do.

An example is what an author writes: parts of `us-standard.yaml`, or of the file that it names. The tests put each into
rule files that are otherwise in order, and see to it that the wrong one gives that code and the right one does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from screening.reading.code_examples import EXAMPLES
from screening.reading.diagnostics import Code

Example = dict[str, str]
"""Parts of rule files by the name of the file."""


@dataclass(frozen=True)
class CodeHelp:
    """The help for one code.

    Attributes:
        title: the code in a few words.
        meaning: what is the matter, in sentences.
        wrong, right: an example, by file.
        remedy: what to do.
    """

    title: str
    meaning: str
    wrong: Example
    right: Example
    remedy: str


_TEXTS: Mapping[Code, tuple[str, str, str]] = {
    Code.SYNTAX: (
        "not YAML",
        "The file cannot be read on from this place. Most often a text holds a `: `, a ` #`, a quote or a bracket that "
        "YAML takes for its own, or a line is not indented as its neighbours are.",
        "Put the text in quotes, or indent the line like the others of its block, with spaces.",
    ),
    Code.UNREADABLE: (
        "the file cannot be read",
        "The file is not there, may not be read, is no ordinary file (a link that leads nowhere, a folder, a pipe), is too "
        "large, is not UTF-8 text, or nests too deep.",
        "Check name and rights, save it as UTF-8, and write it flatter or as several files.",
    ),
    Code.NOT_PLAIN: (
        "more YAML than rule files use",
        "Anchors (&), aliases (*), tags (!), merge keys (<<) and several documents (---) hide what a file says from "
        "those who read it, so rule files do without.",
        "Write out what it stands for. Put a text that begins with one of these characters in quotes. To share "
        "rules between policies, use rules_from.",
    ),
    Code.DUPLICATE_KEY: (
        "the same key twice",
        "Only one of the two values could count, and a reader would not see which.",
        "Keep one of them.",
    ),
    Code.UNKNOWN_FACT: (
        "unknown fact",
        "A check, condition, test or fixture names a fact that does not exist, so it would never see anything.",
        "`portout rules facts` lists all facts.",
    ),
    Code.UNKNOWN_KEY: (
        "unknown key",
        "Nothing reads this key; what it says would silently have no effect.",
        "Correct the spelling, or remove it. `portout rules schema --install` lets your editor complete keys.",
    ),
    Code.MISSING_KEY: (
        "missing key",
        "Something that has no default is not said.",
        "Add the key.",
    ),
    Code.WRONG_VALUE: (
        "a value that does not fit",
        "The value is not of the kind that is needed here: a number, a duration, one of a few words, a list.",
        "Write what the message asks for. Durations are such as 24h, 15m or 1h30m; percentages such as 50%.",
    ),
    Code.FORMAT_TOO_NEW: (
        "a newer format",
        "The file is written for a newer version of this program, which may mean something else by the same words.",
        "Update the program. Do not lower the number: parts of the file may then be misread.",
    ),
    Code.UNKNOWN_CHECK: (
        "unknown check",
        "A rule asks a check that does not exist.",
        "`portout rules checks` lists all checks.",
    ),
    Code.ONE_CHECK: (
        "none or several checks in a rule",
        "A rule asks exactly one question, so that each of its results means one thing.",
        "Make a rule of each question.",
    ),
    Code.UNKNOWN_RESULT: (
        "unknown result",
        "The check never gives this result, so what stands behind it would never happen.",
        "`portout rules checks NAME` lists the results of a check.",
    ),
    Code.UNKNOWN_LIST: (
        "unknown list",
        "A rule names a list that the policy does not have, or the policy a list file that is not under lists/.",
        "Name the file under lists: of the policy, and in the rule the name that it has there.",
    ),
    Code.UNKNOWN_REJECTION: (
        "unknown rejection",
        "A denial, or a test of one, names a ground that does not stand under rejections:.",
        "Correct the name, or define it under rejections: with the carrier's code.",
    ),
    Code.UNKNOWN_PLACEHOLDER: (
        "unknown placeholder",
        "A text names something between < and > that does not exist, so people would read (unknown).",
        "Use the name of a fact, or a placeholder of the rule's check: `portout rules checks NAME` lists them.",
    ),
    Code.UNKNOWN_FIXTURE: (
        "unknown fixture",
        "A scenario starts from a file that is not under fixtures/.",
        "Correct the name, or put the file there.",
    ),
    Code.UNKNOWN_RULE: (
        "unknown rule",
        "approve_needs, drop_rules, a scenario or a changed rule names a rule that does not exist.",
        "Use the id of a rule of this policy, or of the policy in rules_from.",
    ),
    Code.UNKNOWN_POLICY: (
        "unknown policy",
        "rules_from names a policy that is not in this directory.",
        "Use the name that stands behind policy: in the other file, not the name of the file.",
    ),
    Code.DUPLICATE_NAME: (
        "the same name twice",
        "Two rules, tests, scenarios, policies or entries of a list have one name, so nobody could tell them apart.",
        "Rename or remove one of them.",
    ),
    Code.RESULT_NOT_HANDLED: (
        "a result that nothing handles",
        "The check can answer this, and neither then: of the rule nor defaults: of the policy says what it does.",
        "Add it to then:, or to defaults: if it does the same in every rule.",
    ),
    Code.INCOMPLETE_EFFECT: (
        "an effect that lacks a part, or has one too many",
        "A denial needs reject_as and reason, a request for documents a message, an override why, and a rejection a "
        "way to pick the carrier's code. A key that belongs to another outcome would do nothing.",
        "Add what is missing, or remove what does not belong there.",
    ),
    Code.GROUND_NOT_PERMITTED: (
        "a ground on which the law does not let a port be refused",
        "In the United States 47 CFR 52.36 lists on which grounds a carrier may refuse a port-out. Denying on another "
        "one can cost a fine. The policy covers US numbers, or any number.",
        "Let people decide (review), or add override: legal and why, if your counsel approved it.",
    ),
    Code.FACT_NOT_ALLOWED: (
        "a fact that may not stand here",
        "What leaves the company (reason, message) names facts that the gaining carrier sent and no others; a note "
        "stays inside and may name internal ones too. Secrets (PINs) stand in no text, and only their own check reads "
        "them.",
        "Move it into a note, use a public fact, or ask the check that is made for it. `portout rules facts` shows "
        "the class of each fact.",
    ),
    Code.OUT_OF_ORDER: (
        "numbers or dates out of order",
        "Score bands and reminders rise from line to line, a margin is shorter than its window, and until is not "
        "before from.",
        "Put them in order.",
    ),
    Code.CYCLE: (
        "something that leads back to itself",
        "Following otherwise: from one rejection to the next, or rules_from: from one policy to the next, ends where "
        "it began.",
        "Let the last one stand by itself.",
    ),
    Code.MISSING_EVIDENCE_PASSES: (
        "missing evidence that would count as good",
        "What was not found out must never help an order through: missing, failed and mixed answers cannot pass, and "
        "approve_needs takes only results that are evidence. A rule in shadow gives none.",
        "Write skip or review in place of pass, and name a result that is evidence.",
    ),
    Code.NEVER_REACHED: (
        "something that never happens",
        "A line before it already covers every order, or no order can come under this policy.",
        "Change the order of the lines or remove one; say in applies_to which orders the policy is for.",
    ),
    Code.CHAINED: (
        "rules taken at second hand",
        "rules_from names a policy that takes its own rules from another one. Rules are taken over one step only, so "
        "that two files show what a policy does.",
        "Take the rules from the policy in which they stand.",
    ),
    Code.DEFAULT_POLICY: (
        "no default policy, or two",
        "Exactly one policy decides about orders that no other one covers.",
        "Write default: true in that one, and in no other.",
    ),
    Code.COVERED_TWICE: (
        "two policies for the same orders",
        "Two policies claim the same tag, or the same country without a tag, and nothing says which one counts.",
        "Take the country or tag out of one of them. A tag beats a country, a country beats the default.",
    ),
    Code.NO_RULE_FILES: (
        "no rule files",
        "There is no file that could be a policy here, so nothing was checked.",
        "Name the directory that holds the policies. They are called *.yaml and stand directly in it.",
    ),
    Code.UNKNOWN_OPERATOR: (
        "unknown operator",
        "A condition compares by a word that does not exist.",
        "`portout rules facts NAME` lists the words that fit a fact.",
    ),
    Code.OPERATOR_MISFIT: (
        "an operator that does not fit the fact",
        "The word compares another type of fact: a number cannot be in a list, a text cannot be within the last day.",
        "`portout rules facts NAME` lists the words that fit a fact.",
    ),
    Code.ONE_CONDITION: (
        "none or several conditions where one belongs",
        "A condition is all, any or not, or one fact with one operator. Two beside each other do not say whether "
        "both must hold.",
        "Put them in a list under all or any.",
    ),
    Code.FILE_NOT_USED: (
        "a file that is not read",
        "Policies stand directly in the rules directory, and rule files are called *.yaml. A file in a directory below it, "
        "or under another ending (us-vip.YAML, us-vip.yaml.txt), decides nothing.",
        "Move it up or rename it, or put it elsewhere if it is a draft.",
    ),
    Code.TEXT_CUT_OFF: (
        "a text that ends at a #",
        "A blank and # begin a comment in YAML: the rest of the line does not belong to the text.",
        "Put the text in quotes, or write '# ' with a blank if it is a comment.",
    ),
    Code.SCORE_OUT_OF_REACH: (
        "points that no order can have",
        "All rules together give fewer points than this, so it never happens.",
        "Lower it, or give results more points.",
    ),
    Code.RULE_WITHOUT_EFFECT: (
        "a rule that changes nothing",
        "Whatever the check answers, the decision is the same: every result passes or is skipped, and approve_needs "
        "does not name the rule.",
        "Give a result points or an outcome, name the rule in approve_needs, or remove it. shadow: true is for rules "
        "that shall only be watched.",
    ),
    Code.RESULT_NOT_TESTED: (
        "a result that no test expects",
        "Nobody tried when the check of this rule gives this result.",
        "Add a test to the rule with facts that bring it about. `portout rules coverage` shows what else is not tested.",
    ),
    Code.NOT_EXPLAINED: (
        "no owner, or no why",
        "Whoever finds the policy or the rule in a year must know whom to ask and what it is for.",
        "Add owner: to the policy, why: to the rule.",
    ),
    Code.LOOK_ALIKE: (
        "something that looks like something else",
        "A letter of another alphabet, an invisible character, or an id that differs from another one by letters that "
        "are easily mistaken: the program sees another word than people do.",
        "Type the word again by hand, or choose ids that are told apart at a glance.",
    ),
    Code.UNKNOWN_WORD: (
        "a value that the fact never has, as far as we know",
        "The carrier's API lists the statuses of numbers and the types of documents, and this is none of them. A "
        "condition that asks for it is never met. The carrier may have added it.",
        "Correct the word, or leave it if the carrier does send it.",
    ),
    Code.CONTRADICTION: (
        "a condition that never holds, or always",
        "Two conditions under all cannot hold together, or of two under any one always holds.",
        "Correct one of them, or write any for all, all for any.",
    ),
    Code.REPEATED_CONDITION: (
        "the same condition twice",
        "The second one changes nothing. Perhaps another one was meant.",
        "Correct or remove one of them.",
    ),
    Code.ENTRY_EXPIRED: (
        "an entry that counts no longer",
        "Its last day is over, so the list is read as if it were not there.",
        "Remove it, or write a later day.",
    ),
    Code.ALLOWED_AND_BLOCKED: (
        "a value in a list of what is wanted and in one of what is not",
        "Both lists name it, as a value or under also, and both rules answer. One of the entries is probably a mistake.",
        "Remove it from one of the lists.",
    ),
}

HELP: Mapping[Code, CodeHelp] = {
    code: CodeHelp(title, meaning, *EXAMPLES[code], remedy)
    for code, (title, meaning, remedy) in _TEXTS.items()
}
"""The help by code, in the order of the codes."""
