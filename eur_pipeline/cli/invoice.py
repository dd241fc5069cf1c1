"""`eur invoice`: from a month that was rated to documents that never change.

What is issued, and whether, is the business of `eur_pipeline.billing.invoices`.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from eur_pipeline.billing.invoices import drafts, issuing
from eur_pipeline.billing.invoices.comparing import AccountChange, changes
from eur_pipeline.billing.invoices.document import Content, Document, Numbers
from eur_pipeline.billing.invoices.drawing import Scope
from eur_pipeline.billing.invoices.issuing import Batch, bring_up_to_date
from eur_pipeline.billing.invoices.losses import accept_losses
from eur_pipeline.billing.invoices.register import Entry, Register, read_register
from eur_pipeline.billing.invoices.restoring import restore_register
from eur_pipeline.cli import invoice_tables as tables
from eur_pipeline.cli.commands import group
from eur_pipeline.cli.console import (
    AsJson,
    ProjectDir,
    errors,
    out,
    print_json,
    printable,
    project_in,
)
from eur_pipeline.errors import EurError
from eur_pipeline.models.publishing import publish
from eur_pipeline.months import month_of
from eur_pipeline.project import Project

invoice = group(
    """Draw up, issue, show and credit invoices.

    An account is a cost centre of a legal entity; it is invoiced per month. An issued document
    never changes: later usage is adjusted on the next invoice, or the invoice is credited.
    """
)


def _month(value: str) -> dt.date:
    try:
        return month_of(value)
    except ValueError:
        raise typer.BadParameter("expected a month such as 2026-03") from None


Month = Annotated[
    dt.date, typer.Option("--month", parser=_month, metavar="YYYY-MM", help="The local month.")
]
AnyMonth = Annotated[
    dt.date | None,
    typer.Option("--month", parser=_month, metavar="YYYY-MM", help="Only of this month."),
]
Entities = Annotated[
    list[str] | None,
    typer.Option("--entity", help="Only this legal entity's; can be repeated."),
]
CostCentres = Annotated[
    list[str] | None,
    typer.Option("--cost-centre", "--account", help="Only this cost centre's; can be repeated."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be issued, and issue nothing.")
]
DocumentNumbers = Annotated[
    list[str] | None, typer.Argument(metavar="NUMBER", help="Such as company-2026-00001.")
]


@invoice.command()
def draft(
    month: Month,
    entity: Entities = None,
    cost_centre: CostCentres = None,
    directory: ProjectDir = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the drafts, and write nothing down.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Draw up the month's invoices, without a number and as often as you like.

    Of all accounts that have none. Says what is in the way of issuing them.
    """
    project = project_in(directory)
    scope = Scope(entity or (), cost_centre or ())
    with errors.status("Bringing the models up to date"):
        drawn = drafts.draft(project, month, scope, dry_run=dry_run)
    if as_json:
        print_json(drawn.model_dump(mode="json"))
        return
    _say_obstacles(drawn.obstacles)
    if not drawn.contents:
        errors.print(f"no account is to be invoiced for {month:%Y-%m}")
        return
    tables.show(tables.of_contents(drawn.contents))
    errors.print(
        f"{len(drawn.contents):,} drafts. The lines: eur invoice show --month {month:%Y-%m}; what "
        f"changes from now on: eur invoice diff --month {month:%Y-%m}; to issue them: eur invoice "
        f"issue --month {month:%Y-%m}",
        highlight=False,
        soft_wrap=True,
    )


@invoice.command()
def diff(
    month: Month,
    entity: Entities = None,
    cost_centre: CostCentres = None,
    directory: ProjectDir = None,
    as_json: AsJson = False,
) -> None:
    """Explain what changed since the month was issued, or else drafted.

    Per account: lines, tax, and which rates, plans or rows of the directory differ. Nothing is
    written.
    """
    project = project_in(directory)
    with errors.status("Bringing the models up to date"):
        found = changes(project, month, Scope(entity or (), cost_centre or ()))
    if as_json:
        accounts = [_change_as_object(change) for change in found.accounts]
        print_json({"changes": accounts, "warnings": list(found.warnings)})
        return
    _warn(found.warnings)
    for change in found.accounts:
        _show_change(change)
    if not found.accounts:
        errors.print(f"nothing changed in {month:%Y-%m} since it was drafted or issued")


def _change_as_object(change: AccountChange) -> dict[str, object]:
    lines = [
        {
            **line.key._asdict(),
            "name": line.name,
            "before": _as_object_of(line.before),
            "after": _as_object_of(line.after),
        }
        for line in change.lines
    ]
    return {
        **change.account._asdict(),
        "month": change.month,
        "since": change.since,
        "gross_before": change.gross_before,
        "gross_after": change.gross_after,
        "lines": lines,
        "taxes": [asdict(tax) for tax in change.taxes],
        "reasons": list(change.reasons),
    }


def _as_object_of(numbers: Numbers | None) -> dict[str, object] | None:
    return asdict(numbers) if numbers else None


def _show_change(change: AccountChange) -> None:
    since = change.since or "neither drafted nor issued before"
    difference = change.gross_after - change.gross_before
    _say(
        f"{change.account}, {change.month:%Y-%m}, {since}: {change.gross_before:f} -> "
        f"{change.gross_after:f} {change.account.currency} ({difference:+f})"
    )
    for reason in change.reasons:
        _say(f"  {reason}")
    tables.show(tables.of_changes(change))


@invoice.command()
def issue(
    month: Month,
    entity: Entities = None,
    cost_centre: CostCentres = None,
    force: Annotated[
        bool, typer.Option("--force", help="Issue although something is in the way.")
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; it stays in the invoices. With --force.")
    ] = "",
    directory: ProjectDir = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Issue the month's invoices of all accounts that have none.

    The models are brought up to date first. Refuses while an upload of the month is missing, unread
    or in quarantine. All invoices are issued, or none.
    """
    if force != bool(reason.strip()):
        raise typer.BadParameter("--force and --reason TEXT belong together")
    project = project_in(directory)
    with errors.status("Bringing the models up to date"):
        batch = issuing.issue(
            project,
            month,
            Scope(entity or (), cost_centre or ()),
            force_reason=reason.strip() or None,
            dry_run=dry_run,
        )
    _conclude(
        project, batch, as_json=as_json, nothing=f"no account is to be invoiced for {month:%Y-%m}"
    )


@invoice.command()
def credit(
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays in the credit note.")],
    numbers: DocumentNumbers = None,
    month: AnyMonth = None,
    entity: Entities = None,
    cost_centre: CostCentres = None,
    reissue: Annotated[
        bool, typer.Option("--reissue", help="Issue the month anew together with the credit note.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Reissue although something is in the way.")
    ] = False,
    directory: ProjectDir = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take invoices back as a whole, by credit notes.

    Those of these numbers; or, with --month, those of the month that differ from what it comes to
    now. Afterwards the month is open again for their accounts.
    """
    if bool(numbers) == bool(month):
        raise typer.BadParameter("give either NUMBER or --month")
    if numbers and (entity or cost_centre):
        raise typer.BadParameter("--entity and --cost-centre go with --month: a NUMBER is one's")
    if force and not reissue:
        raise typer.BadParameter("--force goes with --reissue: nothing else can be in the way")
    if not reason.strip():
        raise typer.BadParameter("expected a reason")
    project = project_in(directory)
    with errors.status("Bringing the models up to date"):
        chosen = numbers or []
        if month:
            scope = Scope(entity or (), cost_centre or ())
            chosen, warnings = issuing.differing(project, month, scope)
            _warn(warnings)
        batch = issuing.credit(
            project, chosen, reason.strip(), reissue=reissue, force=force, dry_run=dry_run
        )
    _conclude(project, batch, as_json=as_json, nothing="no invoice is to be credited")


@invoice.command("list")
def list_documents(
    month: AnyMonth = None,
    entity: Entities = None,
    cost_centre: CostCentres = None,
    directory: ProjectDir = None,
    as_json: AsJson = False,
) -> None:
    """List the issued documents."""
    register = read_register(project_in(directory))
    scope = Scope(entity or (), cost_centre or ())
    chosen = [e for e in register.entries if month in (None, e.month) and e.account in scope]
    if as_json:
        print_json({"documents": [_as_object(entry, register) for entry in chosen]})
        return
    if chosen:
        tables.show(tables.of_entries(chosen, register))
    else:
        errors.print("nothing of that was issued yet: eur invoice draft --month YYYY-MM")


@invoice.command()
def show(
    number: Annotated[
        str | None, typer.Argument(metavar="NUMBER", help="As `list` shows it.")
    ] = None,
    month: AnyMonth = None,
    entity: Entities = None,
    cost_centre: CostCentres = None,
    directory: ProjectDir = None,
    as_json: AsJson = False,
) -> None:
    """Show a document, or with --month a month's drafts, with lines and taxes."""
    if bool(number) == bool(month):
        raise typer.BadParameter("give either NUMBER or --month, which shows drafts")
    if number and (entity or cost_centre):
        raise typer.BadParameter("--entity and --cost-centre go with --month: a NUMBER is one's")
    project = project_in(directory)
    if number:
        _show_document(project, number, as_json=as_json)
    elif month:
        _show_drafts(project, month, Scope(entity or (), cost_centre or ()), as_json=as_json)


def _show_drafts(project: Project, month: dt.date, scope: Scope, *, as_json: bool) -> None:
    found = drafts.read_drafts(project, month)
    chosen = [content for content in (found.contents if found else ()) if content.account in scope]
    if as_json:
        print_json({"drafts": [content.model_dump(mode="json") for content in chosen]})
        return
    for content in chosen:
        _say(f"draft for {content.account}, {month:%Y-%m}")
        _show_content(content)
    if not chosen:
        errors.print(f"there are no such drafts: eur invoice draft --month {month:%Y-%m}")


def _show_document(project: Project, number: str, *, as_json: bool) -> None:
    register = read_register(project)
    entry = register.entry(number)
    document = register.document(entry)
    if as_json:
        print_json(document.model_dump(mode="json"))
        return
    for line in _heading(entry, document, register):
        _say(line)
    _show_content(document.content)


def _show_content(content: Content) -> None:
    for table in (*tables.of_lines(content), tables.of_taxes(content)):
        tables.show(table)


@invoice.command("restore-register")
def restore(directory: ProjectDir = None, as_json: AsJson = False) -> None:
    """Make a register that is lost, damaged or too old anew from the documents.

    Every document has to agree with its own hash.
    """
    documents = restore_register(project_in(directory))
    if as_json:
        print_json({"documents": documents})
    else:
        errors.print(f"the register has all {documents:,} documents again")


@invoice.command("accept-loss")
def accept_loss(
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays in the register.")],
    directory: ProjectDir = None,
    as_json: AsJson = False,
) -> None:
    """Go on without issued documents whose files are lost for good.

    Their numbers are not given again. Their months are open again, to be issued anew.
    """
    if not reason.strip():
        raise typer.BadParameter("expected a reason")
    numbers = accept_losses(project_in(directory), reason.strip())
    if as_json:
        print_json({"lost": numbers})
    elif numbers:
        _say(f"accepted as lost: {', '.join(numbers)}")
    else:
        errors.print("no document is lost")


def _heading(entry: Entry, document: Document, register: Register) -> Iterable[str]:
    kind = str(entry.kind).replace("_", " ")
    yield f"{kind} {entry.number} of {entry.account}, {entry.month:%Y-%m}"
    yield (
        f"issued {document.issue_date} ({document.issued_at:%Y-%m-%d %H:%M:%S} UTC): "
        f"{tables.state(entry, register)}"
    )
    if document.reason:
        yield f"because: {document.reason}"
    if document.forced:
        yield f"forced, because: {document.forced.reason}"
        for obstacle in document.forced.obstacles:
            yield f"  although {obstacle}"
    yield f"content {document.content_sha256}"


def _as_object(entry: Entry, register: Register) -> dict[str, object]:
    values = entry.model_dump(mode="json")
    note = register.credit_notes.get(entry.number)
    return {**values, "credited_by": note.number if note else None}


def _conclude(project: Project, batch: Batch, *, as_json: bool, nothing: str) -> None:
    """Say what was issued, or would be, and let the analysts' tables have it."""
    if batch.committed and batch.documents:
        _publish(project)
    documents = batch.documents
    if as_json:
        print_json(
            {
                "issued": batch.committed,
                "obstacles": list(batch.obstacles),
                "documents": [document.model_dump(mode="json") for document in documents],
            }
        )
        return
    _say_obstacles(batch.obstacles)
    if not documents:
        errors.print(nothing)
        return
    _tell(documents, committed=batch.committed)


def _tell(documents: Sequence[Document], *, committed: bool) -> None:
    tables.show(tables.of_contents([d.content for d in documents], [d.number for d in documents]))
    if committed:
        errors.print(
            f"issued: {len(documents):,} documents; `eur invoice show NUMBER` has the lines"
        )
    else:
        errors.print("nothing was issued: this was a dry run")


def _say_obstacles(obstacles: Iterable[str]) -> None:
    for obstacle in obstacles:
        errors.print(
            f"in the way: {printable(obstacle)}", markup=False, highlight=False, soft_wrap=True
        )


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        errors.print(
            f"warning: {printable(warning)}", markup=False, highlight=False, soft_wrap=True
        )


def _publish(project: Project) -> None:
    """The documents are issued whatever happens here."""
    try:
        _warn(bring_up_to_date(project))
        publish(project)
    except EurError as error:
        errors.print(f"issued, but not published yet: {error}", markup=False, soft_wrap=True)


def _say(line: str) -> None:
    out.print(printable(line), markup=False, highlight=False, soft_wrap=True)
