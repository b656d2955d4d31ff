//! The closed lists a body speaks in. A number once given keeps its meaning for ever; lists only grow.

use crate::vocabulary;

vocabulary! {
    /// What an entry is. Numbers 128 to 255 are reserved.
    pub enum EntryKind: "entry kind" {
        1 Action "action", 2 Genesis "genesis", 3 KeyRotation "key_rotation", 4 WriterEpoch "writer_epoch", 5 Clock "clock",
        6 Registry "registry", 7 Hold "hold", 8 Erasure "erasure", 9 ReportProduced "report_produced",
        10 LedgerAccess "ledger_access", 11 Coverage "coverage", 12 Restore "restore", 13 SubjectLink "subject_link",
        14 Restriction "restriction", 15 Retention "retention", 16 Request "request", 17 Case "case",
    }

    /// What was done. Dotted codes; each maps to one DPV processing term.
    pub enum Verb: "verb" {
        1 DataRead "data.read", 2 DataView "data.view", 3 DataList "data.list", 4 DataSearch "data.search",
        5 DataPreview "data.preview", 6 DataCreate "data.create", 7 DataUpdate "data.update", 8 DataDerive "data.derive",
        9 DataCopy "data.copy", 10 DataDownload "data.download", 11 DataExport "data.export", 12 DataSend "data.send",
        13 DataPublish "data.publish", 14 DataShare "data.share", 15 DataUnshare "data.unshare",
        16 DataTransfer "data.transfer", 17 DataPseudonymise "data.pseudonymise", 18 DataReidentify "data.reidentify",
        19 DataRestrict "data.restrict", 20 DataUnrestrict "data.unrestrict", 21 DataDelete "data.delete",
        22 DataErase "data.erase", 23 DataRestore "data.restore",
        30 AccessGrant "access.grant", 31 AccessRevoke "access.revoke", 32 AccessExpire "access.expire",
        33 GroupJoin "group.join", 34 GroupLeave "group.leave",
        40 ContextLoad "context.load", 41 ContextClose "context.close", 42 MemoryWrite "memory.write",
        43 MemoryRead "memory.read", 44 MemoryErase "memory.erase", 45 AgentDelegate "agent.delegate",
        46 AgentReturn "agent.return", 47 ToolCall "tool.call", 48 ToolResult "tool.result", 49 ModelInfer "model.infer",
        50 KeyAccess "key.access",
        60 DecisionMake "decision.make", 61 ApprovalRequest "approval.request", 62 ApprovalGrant "approval.grant",
        63 ApprovalDeny "approval.deny", 64 ApprovalExpire "approval.expire", 65 OversightStop "oversight.stop",
        66 OversightOverride "oversight.override", 67 InstructionGive "instruction.give", 68 PolicyChange "policy.change",
        69 BreakglassUse "breakglass.use", 70 BreakglassReview "breakglass.review",
        80 IncidentDetect "incident.detect", 81 IncidentAware "incident.aware", 82 IncidentContain "incident.contain",
        83 IncidentClose "incident.close", 84 NotifyAuthority "notify.authority", 85 NotifySubject "notify.subject",
        86 NotifyRecipient "notify.recipient", 87 RequestReceive "request.receive", 88 RequestVerify "request.verify",
        89 RequestAnswer "request.answer", 90 RequestRefuse "request.refuse", 91 HoldPlace "hold.place",
        92 HoldRelease "hold.release", 93 LogRead "log.read", 94 ReportProduce "report.produce",
        95 CoverageStart "coverage.start", 96 CoverageStop "coverage.stop", 97 CoverageHeartbeat "coverage.heartbeat",
        98 EventCorrect "event.correct", 99 EventRetract "event.retract",
    }

    pub enum Outcome: "outcome" {
        1 Succeeded "succeeded", 2 Denied "denied", 3 Failed "failed", 4 Partial "partial", 5 Unknown "unknown",
    }

    /// Whose clock `occurred` was read from.
    pub enum TimeSource: "time source" {
        1 AgentClock "agent_clock", 2 Gateway "gateway", 3 Replay "replay", 4 Unknown "unknown",
    }

    /// How sure we are that the caller is who it says.
    pub enum Assurance: "assurance" {
        1 SelfAsserted "self_asserted", 2 Token "token", 3 MutualTls "mutual_tls", 4 Signed "signed",
    }

    pub enum PartyKind: "party kind" {
        1 Human "human", 2 Agent "agent", 3 Service "service", 4 Group "group", 5 Organisation "organisation", 6 Public "public",
    }

    /// REPORTS vocabulary 4.5; GDPR Art. 4(9), 4(10), C-579/21.
    pub enum RecipientKind: "recipient kind" {
        1 StaffOnInstruction "staff_on_instruction", 2 JointController "joint_controller", 3 Controller "controller",
        4 Processor "processor", 5 SubProcessor "sub_processor", 6 ThirdParty "third_party",
        7 PublicAuthority "public_authority", 8 PublicAuthorityInquiry "public_authority_inquiry",
        9 DataSubject "data_subject", 10 Representative "representative", 11 UnauthorisedPerson "unauthorised_person",
        12 Undetermined "undetermined",
    }

    /// The regulator's list: EDPB breach-notification template, field 70.
    pub enum Category: "data category" {
        1 Basic "basic", 2 Contact "contact", 3 Biometric "biometric", 4 Criminal "criminal", 5 Political "political",
        6 RacialEthnic "racial_ethnic", 7 ReligiousPhilosophical "religious_philosophical",
        8 SexLifeOrientation "sex_life_orientation", 9 TradeUnion "trade_union", 10 Genetic "genetic", 11 Health "health",
        12 EconomicFinancial "economic_financial", 13 EmploymentHealth "employment_health",
        14 Identification "identification", 15 Location "location", 16 OfficialDocuments "official_documents",
        17 Payment "payment", 18 Profile "profile", 19 Credentials "credentials", 20 Other "other",
    }

    /// Which way a category moved: into the tool, out of it, or before somebody's eyes.
    pub enum Direction: "direction" { 1 Argument "argument", 2 Result "result", 3 Rendered "rendered" }

    /// GDPR articles, as `gdpr:6.1.a`.
    pub enum LegalBasis: "legal basis" {
        1 Consent "gdpr:6.1.a", 2 Contract "gdpr:6.1.b", 3 LegalObligation "gdpr:6.1.c", 4 VitalInterests "gdpr:6.1.d",
        5 PublicTask "gdpr:6.1.e", 6 LegitimateInterests "gdpr:6.1.f",
        10 SpecialConsent "gdpr:9.2.a", 11 SpecialEmployment "gdpr:9.2.b", 12 SpecialVital "gdpr:9.2.c",
        13 SpecialFoundation "gdpr:9.2.d", 14 SpecialMadePublic "gdpr:9.2.e", 15 SpecialLegalClaims "gdpr:9.2.f",
        16 SpecialPublicInterest "gdpr:9.2.g", 17 SpecialHealthCare "gdpr:9.2.h", 18 SpecialPublicHealth "gdpr:9.2.i",
        19 SpecialArchiving "gdpr:9.2.j", 20 CriminalConvictions "gdpr:10",
        30 Adequacy "gdpr:45.3", 31 TransferPublicBodies "gdpr:46.2.a", 32 TransferBindingRules "gdpr:46.2.b",
        33 TransferClausesCommission "gdpr:46.2.c", 34 TransferClausesAuthority "gdpr:46.2.d", 35 TransferCode "gdpr:46.2.e",
        36 TransferCertification "gdpr:46.2.f", 37 TransferAdHoc "gdpr:46.3.a", 38 TransferArrangement "gdpr:46.3.b",
        40 DerogationConsent "gdpr:49.1.a", 41 DerogationContract "gdpr:49.1.b", 42 DerogationThirdPartyContract "gdpr:49.1.c",
        43 DerogationPublicInterest "gdpr:49.1.d", 44 DerogationLegalClaims "gdpr:49.1.e", 45 DerogationVital "gdpr:49.1.f",
        46 DerogationPublicRegister "gdpr:49.1.g", 47 DerogationCompelling "gdpr:49.2",
        50 DespiteRestriction "gdpr:18.2",
    }

    pub enum PolicyDecision: "policy decision" {
        1 Permit "permit", 2 Deny "deny", 3 NotApplicable "not_applicable", 4 Indeterminate "indeterminate",
    }

    /// Whether this exact action had an approval; the match is made at admission, its reference stays sealed.
    pub enum ApprovalResult: "approval result" {
        1 NotRequired "not_required", 2 Matched "matched", 3 Missing "missing", 4 Expired "expired",
        5 Mismatched "mismatched", 6 Denied "denied", 7 AlreadyUsed "already_used", 8 Claimed "claimed",
    }

    pub enum Precision: "precision" { 1 Exact "exact", 2 Approximate "approximate", 3 Unknown "unknown" }

    /// Whether we know whose data an action was about. Never read "undetermined" as "nobody".
    pub enum Determination: "determination" {
        1 Listed "listed", 2 Nobody "nobody", 3 Undetermined "undetermined", 4 ListedIncomplete "listed_incomplete",
    }

    /// Why subjects are not, or not all, determined; and other doubts worth a mark in the open.
    pub enum Doubt: "doubt" {
        1 ToolNotInCatalogue "tool_not_in_catalogue", 2 ResultNotParsed "result_not_parsed",
        3 ArgumentsNotParsed "arguments_not_parsed", 4 FieldMissing "field_missing", 5 FreeText "free_text",
        6 WeakIdentity "weak_identity", 7 OwnerUnknown "owner_unknown", 8 DeclaredByCaller "declared_by_caller",
        9 ContentTruncated "content_truncated", 10 OutcomeUnknown "outcome_unknown",
    }

    /// What may be left out of an entry, or cut, because the tool catalogue keeps no more.
    pub enum ContentKind: "kind of content" {
        1 Arguments "arguments", 2 Result "result", 3 Error "error", 4 SignedParts "signed_parts", 5 Records "records",
        6 Fields "fields",
    }

    /// In what part a person stands in an action.
    pub enum Role: "role" {
        1 DataSubject "data_subject", 2 Principal "principal", 3 Recipient "recipient", 4 Approver "approver",
        5 Grantee "grantee", 6 Member "member", 7 AccountHolder "account_holder", 8 Content "content", 9 Actor "actor",
    }

    /// A weak identity (name and birth date) links by count ranges only and never discloses by itself.
    pub enum Strength: "identity strength" { 1 Strong "strong", 2 Weak "weak" }

    /// Where a record id is unique.
    pub enum RecordScope: "record scope" { 1 System "system", 2 Conversation "conversation" }

    /// Interval facts of the exposure calculus.
    pub enum FactKind: "fact kind" {
        1 Grant "grant", 2 Membership "membership", 3 Content "content", 4 Holding "holding", 5 Account "account",
        6 AccountState "account_state", 7 Coverage "coverage", 8 KeyAccess "key_access", 9 Restriction "restriction",
        10 Hold "hold", 11 SubjectLink "subject_link", 12 Loss "loss",
    }

    pub enum Edge: "edge" { 1 Open "open", 2 Close "close", 3 Point "point" }

    pub enum EndKind: "interval end" { 1 Exact "exact", 2 Bounded "bounded", 3 Assumed "assumed", 4 Unknown "unknown" }

    pub enum CoverageState: "coverage state" {
        1 Complete "complete", 2 Sampled "sampled", 3 Down "down", 4 Unknown "unknown", 5 Heartbeat "heartbeat",
        6 Refused "refused",
    }

    /// How a record came to us.
    pub enum Provenance: "provenance" { 1 Described "described", 2 ToolCall "tool_call", 3 Import "import" }

    pub enum RegistryKind: "registry kind" {
        1 Agent "agent", 2 Tool "tool", 3 Source "source", 4 Dataset "dataset", 5 Term "term", 6 Party "party",
        7 Catalogue "catalogue", 8 Controller "controller",
    }

    pub enum ReportType: "report type" {
        1 Access "access", 2 Exposure "exposure", 3 Breach "breach", 4 Persons "persons", 5 Activity "activity",
    }

    /// Named fields that may stand sealed because their value is not in the registry.
    pub enum NamedField: "named field" {
        1 ActorName "actor.name", 2 ActorVersion "actor.version", 3 ActorModel "actor.model", 4 ActorVendor "actor.vendor",
        5 ActorRegion "actor.region", 6 Tool "tool", 7 Dataset "dataset", 8 Purpose "purpose", 9 PolicyId "policy.id",
        10 PolicyVersion "policy.version", 11 RecipientName "recipient.name", 12 SourceName "source.name",
        13 SubjectKind "subject.kind", 14 KeyId "protection.key_id", 15 FactResource "fact.resource",
        16 FactName "fact.name", 17 CatalogueVersion "catalogue.version", 18 CallerName "caller.name",
        19 RecordDataset "record.dataset",
    }

    /// Why something is asked for a person: GDPR Art. 17(1), 18(1); or because its time is over.
    pub enum Ground: "ground" {
        1 NoLongerNecessary "gdpr:17.1.a", 2 ConsentWithdrawn "gdpr:17.1.b", 3 Objection "gdpr:17.1.c",
        4 UnlawfulProcessing "gdpr:17.1.d", 5 LegalObligation "gdpr:17.1.e", 6 ChildServices "gdpr:17.1.f",
        10 AccuracyContested "gdpr:18.1.a", 11 UnlawfulButKept "gdpr:18.1.b", 12 NeededForClaims "gdpr:18.1.c",
        13 ObjectionPending "gdpr:18.1.d", 20 RetentionEnded "retention_ended",
        30 NotIdentifiable "gdpr:12.2", 31 FeeNotPaid "gdpr:12.5.a", 32 UnfoundedOrExcessive "gdpr:12.5.b",
    }

    /// Why data stays although its erasure was asked for: GDPR Art. 17(3).
    pub enum Exemption: "exemption" {
        1 Expression "gdpr:17.3.a", 2 LegalObligation "gdpr:17.3.b", 3 PublicHealth "gdpr:17.3.c",
        4 Archiving "gdpr:17.3.d", 5 LegalClaims "gdpr:17.3.e",
    }

    /// What was done about a person, or asked for.
    pub enum PersonAct: "act" {
        1 LookUp "look_up", 2 Link "link", 3 Unlink "unlink", 4 Restrict "restrict", 5 LiftRestriction "lift_restriction",
        6 PlaceHold "place_hold", 7 ReleaseHold "release_hold", 8 Erase "erase", 9 WithdrawErasure "withdraw_erasure",
        10 ListHolds "list_holds", 11 PlanRetention "plan_retention", 12 RunErasures "run_erasures",
        13 ReceiveRequest "request.receive", 14 VerifyRequest "request.verify", 15 ExtendRequest "request.extend",
        16 AnswerRequest "request.answer", 17 RefuseRequest "request.refuse", 18 NameStaff "name_staff",
        19 TakeBackNaming "take_back_naming",
    }

    /// What became of it.
    pub enum Decision: "decision" { 1 Received "received", 2 Done "done", 3 Blocked "blocked", 4 Refused "refused" }

    /// One step in the life of a personal data breach: GDPR Art. 33 and 34.
    pub enum CaseStep: "step" {
        1 Opened "opened", 2 Detected "detected", 3 ProcessorAware "processor_aware", 4 Aware "aware",
        5 Answered "answered", 6 Severity "severity", 7 Submitted "submitted", 8 Informed "informed",
        9 NotNotified "not_notified", 10 Closed "closed", 11 Read "read", 12 Retracted "retracted",
    }

    /// How data subjects were told: breach-notification template, field 104.
    pub enum Channel: "channel" { 1 Individual "individual", 2 Public "public", 3 Other "other" }

    /// What became of telling them.
    pub enum Delivery: "delivery" { 1 Delivered "delivered", 2 Failed "failed", 3 NotPossible "not_possible" }

    /// What an erasure entry says.
    pub enum ErasureState: "erasure state" {
        1 Resealed "resealed", 2 Inaccessible "inaccessible", 3 Irrecoverable "irrecoverable",
    }

    /// Who keeps the root keys, and so how surely one can be destroyed.
    pub enum CustodianClass: "custodian class" { 1 KeyDirectory "key_directory", 2 Pkcs11 "pkcs11" }

    /// What a retention period is for.
    pub enum RetentionClass: "retention class" { 1 Subject "subject", 2 Staff "staff", 3 Content "content", 4 Body "body" }

    /// Why content that several persons share was not sealed anew for those who remain.
    pub enum LostReason: "reason for loss" {
        1 MayNameErasedPerson "may_name_erased_person", 2 SharerUnknown "sharer_unknown", 3 AlreadyClosed "already_closed",
    }
}
