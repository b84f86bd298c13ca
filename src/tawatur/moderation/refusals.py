"""Why a request is refused: one class a failure, its docstring is the problem's title."""

from __future__ import annotations

from tawatur.store.writer import Refused


class UnknownImage(Refused):
    """No such image"""


class UnknownReport(Refused):
    """No such report"""


class UnknownReason(Refused):
    """No such reason"""


class UnknownOutcome(Refused):
    """No such outcome"""


class UnknownMeasure(Refused):
    """No such measure"""


class UnknownScope(Refused):
    """No such scope"""


class UnknownAction(Refused):
    """No such action"""


class ClaimedByAnother(Refused):
    """Somebody else has this case"""


class BadNote(Refused):
    """The note cannot be kept"""


class NotSure(Refused):
    """It was not confirmed"""


class TooLateToUndo(Refused):
    """It is too late to take this back"""


class AlreadyJudged(Refused):
    """The report was already judged"""


class OwnImage(Refused):
    """A person cannot review their own image"""


class Outranked(Refused):
    """Somebody with more authority decided this"""


class UnknownBank(Refused):
    """No such bank"""


class BadBank(Refused):
    """The bank or its list is not valid"""


class BadAddress(Refused):
    """The address cannot be an image's"""


class UnsafeAddress(Refused):
    """The address is not public"""


class FetchRefused(Refused):
    """The file could not be fetched"""


class UnknownWebhook(Refused):
    """No such webhook"""


class BadWebhook(Refused):
    """The webhook cannot be as asked"""


class NothingToCut(Refused):
    """The image has no copies"""


class NotForOneUse(Refused):
    """This cannot be decided for one use of the picture alone"""


class BadPolicy(Refused):
    """The policy cannot be used"""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(f"Line {line}: {message}.")
        self.message = message
        self.line = line


class PolicyMoved(Refused):
    """Somebody changed the policy meanwhile"""


class UnknownVersion(Refused):
    """No such version of the policy"""


class SiteExists(Refused):
    """A site of this name exists"""


class KeyReused(Refused):
    """The idempotency key was used for another request"""


class UnknownSite(Refused):
    """No such site"""


class NoAnonymous(Refused):
    """Only members of the site may report"""


class WrongProof(Refused):
    """The proof of work is not valid"""


class UsedProof(Refused):
    """The proof of work was used before"""


class TooOften(Refused):
    """Too often"""

    def __init__(self, what: str, seconds: int) -> None:
        super().__init__(f"{what} Try again in {seconds} seconds.")
        self.seconds = seconds


class TokenRefused(Refused):
    """No valid reporter token"""


class OwnReport(Refused):
    """A person cannot review what they reported"""


class UnknownAppeal(Refused):
    """No such appeal"""


class NothingToAppeal(Refused):
    """There is nothing to object to"""


class TooLateToAppeal(Refused):
    """It is too late to object"""


class AlreadyAppealed(Refused):
    """There is an appeal against this decision already"""


class TooManyAppeals(Refused):
    """Too many appeals wait"""


class BadAppeal(Refused):
    """The appeal cannot be kept"""


class BadAnswer(Refused):
    """The answer cannot be kept"""


class AppealClosed(Refused):
    """The appeal is closed"""


class NotTheirs(Refused):
    """Somebody else posted the image"""


class TookPart(Refused):
    """Whoever took part cannot answer"""


class BadShield(Refused):
    """Shields cannot be raised so"""


class BadEmail(Refused):
    """The e-mail address cannot be used"""


class UnknownReporter(Refused):
    """Nobody of this name has reported here"""


class UnknownPerson(Refused):
    """No such person"""


class UnknownRole(Refused):
    """No such role"""


class LinkUsed(Refused):
    """The link is used up or too old"""


class BadPassword(Refused):
    """The password cannot be used"""


class SignInRefused(Refused):
    """The e-mail address and the password do not belong together"""


class WrongCode(Refused):
    """The code is not right"""


class NoSecondFactor(Refused):
    """There is no such second factor"""


class HalfwayOver(Refused):
    """Signing in took too long"""


class ProviderRefused(Refused):
    """The provider did not let them in"""


class NobodyKnown(Refused):
    """Nobody here is who the provider says"""
