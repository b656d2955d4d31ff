//! ReportService: progress, then the report's files in pieces, then what was produced.

use super::caller::caller;
use super::{convert, status, v1};
use crate::engine::{
    AccessAsked, ActivityAsked, Again, BreachAsked, Engine, EngineError, ExposureAsked, Produced, Pull, Remarks,
    Statements,
};
use crate::model::ReportType;
use crate::report::edition::Edition;
use crate::report::language::Language;
use crate::report::{self, Format};
use futures::Stream;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

pub struct ReportRpc(pub Arc<Engine>);

type Streamed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;
type Sender<T> = mpsc::Sender<Result<T, Status>>;

/// Bytes of a file in one message.
const PIECE: usize = 1 << 20;

/// One message of any of the streams: they say the same things.
enum Told {
    Progress(v1::ReportProgress),
    File(v1::ReportFile),
    Produced(v1::ReportProduced),
}

macro_rules! tells {
    ($($message:ident in $module:ident),* $(,)?) => {$(
        impl From<Told> for v1::$message {
            fn from(told: Told) -> Self {
                use v1::$module::Piece;
                let piece = match told {
                    Told::Progress(progress) => Piece::Progress(progress),
                    Told::File(file) => Piece::File(file),
                    Told::Produced(produced) => Piece::Produced(produced),
                };
                v1::$message { piece: Some(piece) }
            }
        }
    )*};
}

tells! {
    ProduceAccessReportResponse in produce_access_report_response,
    ProduceExposureReportResponse in produce_exposure_report_response,
    ProduceBreachReportResponse in produce_breach_report_response,
    ProducePersonsReportResponse in produce_persons_report_response,
    ProduceActivityReportResponse in produce_activity_report_response,
    ReproduceReportResponse in reproduce_report_response,
}

#[tonic::async_trait]
impl v1::report_service_server::ReportService for ReportRpc {
    type ProduceAccessReportStream = Streamed<v1::ProduceAccessReportResponse>;

    async fn produce_access_report(
        &self,
        request: Request<v1::ProduceAccessReportRequest>,
    ) -> Result<Response<Self::ProduceAccessReportStream>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = Arc::clone(self.0.ledger(&request.ledger)?);
        let formats = formats(&request.formats)?;
        let asked = asked(request)?;
        Ok(streamed(formats, move |told| async move { open.produce_access_report(asked, &caller, told).await }))
    }

    type ProduceExposureReportStream = Streamed<v1::ProduceExposureReportResponse>;

    async fn produce_exposure_report(
        &self,
        request: Request<v1::ProduceExposureReportRequest>,
    ) -> Result<Response<Self::ProduceExposureReportStream>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = Arc::clone(self.0.ledger(&request.ledger)?);
        let formats = formats(&request.formats)?;
        let asked = asked_of_resources(request)?;
        Ok(streamed(formats, move |told| async move { open.produce_exposure_report(asked, &caller, told).await }))
    }

    type ProduceBreachReportStream = Streamed<v1::ProduceBreachReportResponse>;

    async fn produce_breach_report(
        &self,
        request: Request<v1::ProduceBreachReportRequest>,
    ) -> Result<Response<Self::ProduceBreachReportStream>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = Arc::clone(self.0.ledger(&request.ledger)?);
        let formats = formats(&request.formats)?;
        let pull = pull(request.reference, request.purpose, &request.language)?;
        let supersedes = superseded(request.supersedes);
        let asked = asked_of_case(&request.case_id, request.tree_size, request.cut_off, pull, supersedes)?;
        Ok(streamed(formats, move |told| async move {
            open.produce_breach_report(ReportType::Breach, asked, &caller, told).await
        }))
    }

    type ProducePersonsReportStream = Streamed<v1::ProducePersonsReportResponse>;

    async fn produce_persons_report(
        &self,
        request: Request<v1::ProducePersonsReportRequest>,
    ) -> Result<Response<Self::ProducePersonsReportStream>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = Arc::clone(self.0.ledger(&request.ledger)?);
        let formats = formats(&request.formats)?;
        let pull = pull(request.reference, request.purpose, &request.language)?;
        let supersedes = superseded(request.supersedes);
        let asked = asked_of_case(&request.case_id, request.tree_size, request.cut_off, pull, supersedes)?;
        Ok(streamed(formats, move |told| async move {
            open.produce_breach_report(ReportType::Persons, asked, &caller, told).await
        }))
    }

    type ProduceActivityReportStream = Streamed<v1::ProduceActivityReportResponse>;

    async fn produce_activity_report(
        &self,
        request: Request<v1::ProduceActivityReportRequest>,
    ) -> Result<Response<Self::ProduceActivityReportStream>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = Arc::clone(self.0.ledger(&request.ledger)?);
        let formats = formats(&request.formats)?;
        let asked = asked_of_agent(request)?;
        Ok(streamed(formats, move |told| async move { open.produce_activity_report(asked, &caller, told).await }))
    }

    type ReproduceReportStream = Streamed<v1::ReproduceReportResponse>;

    async fn reproduce_report(
        &self,
        request: Request<v1::ReproduceReportRequest>,
    ) -> Result<Response<Self::ReproduceReportStream>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = Arc::clone(self.0.ledger(&request.ledger)?);
        let formats = formats(&request.formats)?;
        open.report_entry(request.index)?;
        Ok(streamed(formats, move |told| async move {
            open.record_report_again(request.index, &caller).await?;
            let again = tokio::task::spawn_blocking(move || open.reproduce_report(request.index, &told));
            again.await.unwrap_or_else(|_| Err(EngineError::internal("the search stopped")))
        }))
    }
}

fn asked(request: v1::ProduceAccessReportRequest) -> Result<AccessAsked, Status> {
    let mut reader = convert::Reader::default();
    let subject = request.subject.map(|identity| reader.identity(identity, || "subject".into()));
    let cut_off_us = reader.micros(request.cut_off, || "cut_off".into());
    let subject = reader.finish(subject).map_err(status::invalid)?;
    let subject = subject.filter(|subject| !subject.namespace.is_empty() && !subject.fields.is_empty());
    let subject = subject.ok_or_else(|| wrong("subject", "needs a namespace and fields"))?;
    if subject.fields.iter().chain([&subject.namespace]).any(|text| unfit(text)) {
        return Err(wrong("subject", "is too long, or has a control character"));
    }
    let cut_off_us = cut_off(cut_off_us)?;
    let pull = pull(request.reference, request.purpose, &request.language)?;
    let supersedes = superseded(request.supersedes);
    let edition = edition(request.edition)?;
    let statements =
        Statements { why_unnamed: request.why_unnamed, logic: request.decision_logic, withheld: request.withheld };
    Ok(AccessAsked { subject, size: request.tree_size, cut_off_us, pull, supersedes, edition, statements })
}

fn asked_of_resources(request: v1::ProduceExposureReportRequest) -> Result<ExposureAsked, Status> {
    let mut reader = convert::Reader::default();
    let cut_off_us = reader.micros(request.cut_off, || "cut_off".into());
    let cut_off_us = reader.finish(cut_off_us).map_err(status::invalid)?;
    for (position, resource) in request.resources.iter().enumerate() {
        if resource.is_empty() || unfit(resource) {
            let field = format!("resources[{position}]");
            return Err(wrong(&field, "is empty or too long, or has a control character"));
        }
    }
    let cut_off_us = cut_off(cut_off_us)?;
    let pull = pull(request.reference, request.purpose, &request.language)?;
    let supersedes = superseded(request.supersedes);
    Ok(ExposureAsked {
        resources: request.resources,
        size: request.tree_size,
        cut_off_us,
        pull,
        supersedes,
        remarks: Remarks { open_questions: request.open_questions, characterisation: request.characterisation },
    })
}

fn asked_of_case(
    case_id: &str,
    size: u64,
    cut_off: Option<prost_types::Timestamp>,
    pull: Pull,
    supersedes: Option<u64>,
) -> Result<BreachAsked, Status> {
    let mut reader = convert::Reader::default();
    let cut_off_us = reader.micros(cut_off, || "cut_off".into());
    let cut_off_us = reader.finish(cut_off_us).map_err(status::invalid)?;
    let case = super::case::case_id(case_id)?.ok_or_else(|| wrong("case_id", "is missing"))?;
    Ok(BreachAsked { case, size, cut_off_us: self::cut_off(cut_off_us)?, pull, supersedes })
}

fn asked_of_agent(request: v1::ProduceActivityReportRequest) -> Result<ActivityAsked, Status> {
    let mut reader = convert::Reader::default();
    let from_us = reader.micros(request.from, || "from".into());
    let until_us = reader.micros(request.until, || "until".into());
    let (from_us, until_us) = reader.finish((from_us, until_us)).map_err(status::invalid)?;
    if request.agent.is_empty() || unfit(&request.agent) {
        return Err(wrong("agent", "is missing or too long, or has a control character"));
    }
    Ok(ActivityAsked {
        agent: request.agent,
        size: request.tree_size,
        from_us: instant("from", from_us)?,
        until_us: instant("until", until_us)?,
        pull: pull(request.reference, request.purpose, &request.language)?,
        supersedes: superseded(request.supersedes),
    })
}

/// An entry; 0 where none is superseded.
fn superseded(entry: u64) -> Option<u64> {
    Some(entry).filter(|entry| *entry > 0)
}

fn wrong(field: &str, what: &str) -> Status {
    EngineError::invalid(field, what).into()
}

fn unfit(text: &str) -> bool {
    text.len() > TEXT || text.chars().any(char::is_control)
}

fn pull(reference: String, purpose: String, language: &str) -> Result<Pull, Status> {
    for (field, text) in [("reference", &reference), ("purpose", &purpose)] {
        if unfit(text) {
            return Err(wrong(field, "is too long, or has a control character"));
        }
    }
    Ok(Pull { reference, purpose, language: self::language(language)? })
}

fn edition(number: i32) -> Result<Edition, Status> {
    match v1::AccessReportEdition::try_from(number) {
        Ok(v1::AccessReportEdition::Unspecified | v1::AccessReportEdition::Person) => Ok(Edition::Person),
        Ok(v1::AccessReportEdition::Lawyer) => Ok(Edition::Lawyer),
        Err(_) => Err(wrong("edition", "is not an edition")),
    }
}

/// Nothing where none was named.
pub(super) fn language(code: &str) -> Result<Option<Language>, Status> {
    if code.is_empty() {
        return Ok(None);
    }
    Language::from_code(code).map(Some).ok_or_else(|| {
        let known: Vec<&str> = Language::ALL.iter().map(|language| language.code()).collect();
        wrong("language", &format!("is none of: {}", known.join(", ")))
    })
}

fn cut_off(us: i64) -> Result<Option<u64>, Status> {
    instant("cut_off", us)
}

/// 0 where none was given.
fn instant(field: &str, us: i64) -> Result<Option<u64>, Status> {
    match u64::try_from(us) {
        Ok(0) => Ok(None),
        Ok(us) => Ok(Some(us)),
        Err(_) => Err(wrong(field, "lies before 1970")),
    }
}

/// Bytes of an identifier's field, of a name, or of a reference.
const TEXT: usize = 1_024;

/// The formats asked for, each once; none means all.
fn formats(asked: &[i32]) -> Result<Vec<Format>, Status> {
    let all = Format::ALL.to_vec();
    if asked.is_empty() {
        return Ok(all);
    }
    let wanted: Option<Vec<Format>> = asked
        .iter()
        .map(|number| match v1::ReportFormat::try_from(*number).ok()? {
            v1::ReportFormat::Json => Some(Format::Json),
            v1::ReportFormat::Html => Some(Format::Html),
            v1::ReportFormat::Pdf => Some(Format::Pdf),
            v1::ReportFormat::Xlsx => Some(Format::Xlsx),
            v1::ReportFormat::Csv => Some(Format::Csv),
            v1::ReportFormat::Unspecified => None,
        })
        .collect();
    let wanted = wanted.ok_or_else(|| Status::from(EngineError::invalid("formats", "holds what is not a format")))?;
    Ok(all.into_iter().filter(|format| wanted.contains(format)).collect())
}

type Progress = Box<dyn Fn(u64, u64) + Send + Sync>;

/// A stream of what `make` does while it does it, and of what comes of it. Progress is told if there is room for it; a slow
/// reader does not slow the search down.
fn streamed<T, Made>(formats: Vec<Format>, make: impl FnOnce(Progress) -> Made) -> Response<Streamed<T>>
where
    T: From<Told> + Send + 'static,
    Made: Future<Output = Result<Produced, EngineError>> + Send + 'static,
{
    let (send, receive): (Sender<T>, _) = mpsc::channel(8);
    let progress = send.clone();
    let made = make(Box::new(move |parts_done, parts_total| {
        let _ = progress.try_send(Ok(Told::Progress(v1::ReportProgress { parts_done, parts_total }).into()));
    }));
    tokio::spawn(async move { tell(made.await, formats, send).await });
    Response::new(Box::pin(ReceiverStream::new(receive)))
}

async fn tell<T: From<Told>>(produced: Result<Produced, EngineError>, formats: Vec<Format>, send: Sender<T>) {
    let rendered = match produced {
        Ok(produced) => {
            super::audit::blocking_value(move || {
                let files = report::render_signed(&produced.json, Some(&produced.note), &formats)?;
                Ok((produced, files))
            })
            .await
        }
        Err(error) => Err(error.into()),
    };
    let (produced, files) = match rendered {
        Ok(rendered) => rendered,
        Err(status) => return drop(send.send(Err(status)).await),
    };
    for file in files {
        let format = match file.format {
            Format::Json => v1::ReportFormat::Json,
            Format::Html => v1::ReportFormat::Html,
            Format::Pdf => v1::ReportFormat::Pdf,
            Format::Xlsx => v1::ReportFormat::Xlsx,
            Format::Csv => v1::ReportFormat::Csv,
        };
        for piece in file.bytes.chunks(PIECE) {
            let file = v1::ReportFile { format: format as i32, data: piece.to_vec() };
            if send.send(Ok(Told::File(file).into())).await.is_err() {
                return;
            }
        }
    }
    let last = v1::ReportProduced {
        report_id: uuid::Uuid::from_bytes(produced.report_id).to_string(),
        index: produced.index,
        answer: produced.report.answer().to_owned(),
        tree_size: produced.size,
        rows_missing: produced.rows_missing,
        report_type: produced.report.report_type() as i32,
        note: produced.note.clone(),
        reproduction: match produced.again {
            Again::First => v1::Reproduction::Unspecified,
            Again::Identical => v1::Reproduction::Identical,
            Again::WithMarks => v1::Reproduction::WithMarks,
            Again::NotKnown => v1::Reproduction::NotKnown,
        } as i32,
    };
    let _ = send.send(Ok(Told::Produced(last).into())).await;
}
