//! Reading the host's object, with the path of what is wrong.

use super::{
    EndpointOptions, Endpoints, EndpointsOptions, Form, RegionOptions, SessionOptions,
    SpeakerOptions, Stability, TranscribeOptions, TranslateOptions,
};
use crate::error::Error;
use crate::fields::Field;
use serde_json::Value;

const REGION: &str = "an AWS region such as us-east-1, or an object with one each for \
                      transcribe, translate and polly";
const STABILITIES: [(&str, Stability); 4] = [
    ("none", Stability::None),
    ("low", Stability::Low),
    ("medium", Stability::Medium),
    ("high", Stability::High),
];
const FORMS: [(&str, Form); 3] = [
    ("speech", Form::Speech),
    ("captions", Form::Captions),
    ("transcript", Form::Transcript),
];
const ON_MUTE: [(&str, bool); 2] = [("drop", false), ("finish", true)];
const ENDPOINT: &str = "a URL, or an object of url and signedHost";

impl SessionOptions {
    /// Reads the options.
    ///
    /// # Errors
    /// The field that is missing, unknown or of the wrong type, by its path.
    pub fn from_value(options: &Value) -> Result<Self, Error> {
        let root = Field::new("", options);
        let (mut region, mut agent, mut customer) = (None, None, None);
        let mut endpoints = EndpointsOptions::default();
        let mut polly_requests_per_second = None;
        for (name, field) in root.fields()? {
            match name {
                "region" => region = Some(region_options(&field)?),
                "endpoints" => endpoints = EndpointsOptions::read(&field)?,
                "agent" => agent = Some(SpeakerOptions::read(&field)?),
                "customer" => customer = Some(SpeakerOptions::read(&field)?),
                "polly" => polly_requests_per_second = requests_per_second(&field)?,
                _ => return Err(field.unknown("region, endpoints, polly, agent, customer")),
            }
        }
        Ok(Self {
            region: region.ok_or_else(|| root.missing("region"))?,
            endpoints,
            agent: agent.ok_or_else(|| root.missing("agent"))?,
            customer: customer.ok_or_else(|| root.missing("customer"))?,
            polly_requests_per_second,
        })
    }

    /// Where the services are, of `region` and `endpoints` alone; nothing without
    /// a region.
    ///
    /// # Errors
    /// As [`Self::from_value`].
    pub fn endpoints_from_json(json: &str) -> Result<Option<Endpoints>, Error> {
        let value = Field::parse("", json)?;
        let (mut region, mut endpoints) = (None, EndpointsOptions::default());
        for (name, field) in Field::new("", &value).fields()? {
            match name {
                "region" => region = Some(region_options(&field)?),
                "endpoints" => endpoints = EndpointsOptions::read(&field)?,
                _ => return Err(field.unknown("credentials, region, endpoints")),
            }
        }
        let of = |region| Self {
            region,
            endpoints,
            agent: SpeakerOptions::default(),
            customer: SpeakerOptions::default(),
            polly_requests_per_second: None,
        };
        region.map(|region| of(region).endpoints()).transpose()
    }

    /// Reads the options from JSON.
    ///
    /// # Errors
    /// As [`Self::from_value`].
    pub fn from_json(json: &str) -> Result<Self, Error> {
        Self::from_value(&Field::parse("", json)?)
    }
}

impl SpeakerOptions {
    /// Reads one speaker's options, `path` (`agent`, `customer`) being where
    /// they stand.
    ///
    /// # Errors
    /// As [`SessionOptions::from_value`].
    pub fn from_json(json: &str, path: &str) -> Result<Self, Error> {
        Self::default().with_changes(json, path)
    }

    /// These options with the fields that `changes` has. A field that is
    /// `null` goes back to its default.
    ///
    /// # Errors
    /// As [`SessionOptions::from_value`].
    pub fn with_changes(&self, changes: &str, path: &str) -> Result<Self, Error> {
        let changes = Field::parse(path, changes)?;
        let mut changed = self.clone();
        changed.change(&Field::new(path, &changes))?;
        Ok(changed)
    }

    fn read(field: &Field<'_>) -> Result<Self, Error> {
        let mut options = Self::default();
        options.change(field)?;
        Ok(options)
    }

    fn change(&mut self, object: &Field<'_>) -> Result<(), Error> {
        for (name, field) in object.fields()? {
            match name {
                "language" => self.language = field.text()?,
                "voice" => self.voice = field.text()?,
                "engine" => self.engine = field.text()?,
                "stability" => self.stability = choice(&field, &STABILITIES)?,
                "eager" => self.eager = field.flag()?,
                "prepareAhead" => self.prepare_ahead = field.number()?,
                "output" => self.output = choice(&field, &FORMS)?,
                "onMute" => self.on_mute = choice(&field, &ON_MUTE)?,
                "messageMs" => self.message_ms = field.number()?,
                "startGuardMs" => self.start_guard_ms = field.number()?,
                "enabled" => self.enabled = field.flag()?,
                "echoGuard" => self.echo_guard = field.flag()?,
                "transcribe" => self.transcribe = TranscribeOptions::read(&field)?,
                "translate" => self.translate = TranslateOptions::read(&field)?,
                "lexicons" => {
                    let names = field.list()?;
                    self.lexicons = names
                        .iter()
                        .map(Field::some_text)
                        .collect::<Result<_, _>>()?;
                }
                _ => {
                    return Err(field.unknown(
                        "language, voice, engine, stability, eager, prepareAhead, messageMs, startGuardMs, enabled, \
                         output, onMute, echoGuard, transcribe, translate, lexicons",
                    ));
                }
            }
        }
        Ok(())
    }
}

/// One of some names, if there is one.
fn choice<T: Copy>(field: &Field<'_>, choices: &[(&str, T)]) -> Result<Option<T>, Error> {
    let Some(text) = field.text()? else {
        return Ok(None);
    };
    let found = choices.iter().find(|(name, _)| *name == text);
    found.map(|(_, value)| Some(*value)).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        field.wrong(&format!("one of {}", names.join(", ")))
    })
}

impl TranscribeOptions {
    fn read(object: &Field<'_>) -> Result<Self, Error> {
        let mut options = Self::default();
        if object.is_null() {
            return Ok(options);
        }
        for (name, field) in object.fields()? {
            match name {
                "vocabulary" => options.vocabulary = field.text()?,
                "vocabularyFilter" => options.vocabulary_filter = field.text()?,
                "vocabularyFilterMethod" => options.vocabulary_filter_method = field.text()?,
                "languageModel" => options.language_model = field.text()?,
                _ => {
                    return Err(field.unknown(
                        "vocabulary, vocabularyFilter, vocabularyFilterMethod, languageModel",
                    ));
                }
            }
        }
        Ok(options)
    }
}

impl TranslateOptions {
    fn read(object: &Field<'_>) -> Result<Self, Error> {
        let mut options = Self::default();
        if object.is_null() {
            return Ok(options);
        }
        for (name, field) in object.fields()? {
            match name {
                "terminology" => options.terminology = field.text()?,
                "formality" => options.formality = field.text()?,
                "maskProfanity" => options.mask_profanity = field.flag()?.unwrap_or_default(),
                "brevity" => options.brevity = field.flag()?.unwrap_or_default(),
                _ => {
                    return Err(field.unknown("terminology, formality, maskProfanity, brevity"));
                }
            }
        }
        Ok(options)
    }
}

impl EndpointsOptions {
    fn read(object: &Field<'_>) -> Result<Self, Error> {
        let mut options = Self::default();
        if object.is_null() {
            return Ok(options);
        }
        for (name, field) in object.fields()? {
            let endpoint = match name {
                "transcribe" => &mut options.transcribe,
                "translate" => &mut options.translate,
                "polly" => &mut options.polly,
                _ => return Err(field.unknown("transcribe, translate, polly")),
            };
            *endpoint = endpoint_options(&field)?;
        }
        Ok(options)
    }
}

fn requests_per_second(object: &Field<'_>) -> Result<Option<f64>, Error> {
    let mut rate = None;
    if !object.is_null() {
        for (name, field) in object.fields()? {
            match name {
                "requestsPerSecond" => rate = field.number()?,
                _ => return Err(field.unknown("requestsPerSecond")),
            }
        }
    }
    Ok(rate)
}

fn endpoint_options(field: &Field<'_>) -> Result<Option<EndpointOptions>, Error> {
    if field.is_null() {
        return Ok(None);
    }
    if let Ok(Some(url)) = field.text() {
        return Ok(Some(EndpointOptions::Url(url)));
    }
    let (mut url, mut signed_host) = (None, None);
    for (name, part) in field.fields().map_err(|_| field.wrong(ENDPOINT))? {
        match name {
            "url" => url = part.text()?,
            "signedHost" => signed_host = part.text()?,
            _ => return Err(part.unknown("url, signedHost")),
        }
    }
    Ok(Some(EndpointOptions::Proxy {
        url: url.ok_or_else(|| field.missing("url"))?,
        signed_host: signed_host.ok_or_else(|| field.missing("signedHost"))?,
    }))
}

fn region_options(field: &Field<'_>) -> Result<RegionOptions, Error> {
    if let Ok(Some(region)) = field.text() {
        return Ok(RegionOptions::One(region));
    }
    let (mut transcribe, mut translate, mut polly) = (None, None, None);
    for (name, part) in field.fields().map_err(|_| field.wrong(REGION))? {
        match name {
            "transcribe" => transcribe = part.text()?,
            "translate" => translate = part.text()?,
            "polly" => polly = part.text()?,
            _ => return Err(part.unknown("transcribe, translate, polly")),
        }
    }
    Ok(RegionOptions::Each {
        transcribe: transcribe.ok_or_else(|| field.missing("transcribe"))?,
        translate: translate.ok_or_else(|| field.missing("translate"))?,
        polly: polly.ok_or_else(|| field.missing("polly"))?,
    })
}
