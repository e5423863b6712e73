//! Units that AWS restricts: an illegal one cannot be held.
//!
//! Each has a macro for literals, checked by the compiler, and a constructor for values from configuration.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use ipnet::Ipv4Net;
use template::Node;

use crate::value::Value;

/// A value that AWS would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// The text is not an address range.
    #[error("`{text}` is not a CIDR block")]
    Cidr {
        /// The text.
        text: String,
    },
    /// The address lies inside the range instead of at its beginning.
    #[error("`{text}` has host bits set; the block is `{block}`")]
    HostBits {
        /// The text.
        text: String,
        /// The block that contains the address.
        block: Cidr,
    },
    /// Fargate sells memory only in steps that depend on the CPU size.
    #[error("{cpu} CPU units do not go with {memory} MiB of memory")]
    FargateSize {
        /// CPU units; 1,024 are one vCPU.
        cpu: u32,
        /// MiB.
        memory: u32,
        /// What Fargate sells with this number of CPU units, in MiB; empty if it sells none.
        allowed: Vec<u32>,
    },
    /// Ports are numbered from 1 to 65,535.
    #[error("{port} is not a port")]
    Port {
        /// The number.
        port: i64,
    },
    /// The text is not a name that DNS can hold.
    #[error("`{text}` is not a domain name")]
    DomainName {
        /// The text.
        text: String,
    },
    /// CloudWatch Logs offers a closed set of periods.
    #[error("CloudWatch does not keep logs for {days} days")]
    Retention {
        /// The number of days.
        days: u32,
    },
}

impl UnitError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            UnitError::Cidr { .. } => {
                "write an IPv4 address and a prefix length, for example `10.0.0.0/16`".to_owned()
            }
            UnitError::HostBits { block, .. } => format!("write `{block}`"),
            UnitError::FargateSize { cpu, allowed, .. } if allowed.is_empty() => {
                format!("{cpu} CPU units are not sold; choose one of {}", list(&FARGATE_CPU))
            }
            UnitError::FargateSize { cpu, allowed, .. } => {
                format!("with {cpu} CPU units, choose one of {} MiB", list(allowed))
            }
            UnitError::DomainName { .. } => "it looks like `api.example.com` or `*.example.com`".to_owned(),
            UnitError::Port { .. } => "a port is a number from 1 to 65535".to_owned(),
            UnitError::Retention { .. } => format!("choose one of {} days", list(&Retention::DAYS)),
        }
    }
}

fn list(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

/// A range of IPv4 addresses, written `10.0.0.0/16`; the address is the first of the range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cidr {
    bits: u32,
    prefix: u8,
}

/// A [`Cidr`] from a literal; one that is not a CIDR block does not compile.
#[macro_export]
macro_rules! cidr {
    ($text:literal) => {{
        const CIDR: $crate::Cidr = $crate::Cidr::literal($text);
        CIDR
    }};
}

impl Cidr {
    /// Every IPv4 address.
    pub const ANYWHERE: Cidr = Cidr { bits: 0, prefix: 0 };

    /// Reads a literal; [`cidr!`](crate::cidr) calls it at compile time.
    ///
    /// # Panics
    ///
    /// If `text` is not a CIDR block, or has host bits set.
    pub const fn literal(text: &str) -> Cidr {
        match Cidr::read(text.as_bytes()) {
            Some(cidr) => {
                assert!(cidr.bits & !cidr.mask() == 0, "the CIDR block has host bits set");
                cidr
            }
            None => panic!("not a CIDR block: write an IPv4 address and a prefix length from 0 to 32"),
        }
    }

    const fn read(text: &[u8]) -> Option<Cidr> {
        let (mut bits, mut part, mut digits, mut parts, mut at) = (0_u32, 0_u32, 0, 0, 0);
        while at <= text.len() {
            let end = at == text.len();
            let byte = if end { b'.' } else { text[at] };
            match byte {
                b'0'..=b'9' => {
                    // A leading zero would be octal to some readers.
                    if digits == 3 || (digits > 0 && part == 0) {
                        return None;
                    }
                    part = part * 10 + (byte - b'0') as u32;
                    digits += 1;
                }
                b'.' | b'/' => {
                    if digits == 0 || (byte == b'/') != (parts == 3) || (end && parts != 4) {
                        return None;
                    }
                    if end {
                        return if part > 32 {
                            None
                        } else {
                            Some(Cidr { bits, prefix: part.to_le_bytes()[0] })
                        };
                    }
                    if part > 255 {
                        return None;
                    }
                    bits = bits << 8 | part;
                    (part, digits) = (0, 0);
                    parts += 1;
                }
                _ => return None,
            }
            at += 1;
        }
        None
    }

    const fn mask(self) -> u32 {
        if self.prefix == 0 { 0 } else { u32::MAX << (32 - self.prefix) }
    }

    /// The prefix length, 0 to 32.
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// Whether every address of `other` is in this block.
    pub const fn contains(self, other: Cidr) -> bool {
        self.prefix <= other.prefix && other.bits & self.mask() == self.bits
    }

    /// Whether the blocks have an address in common; one of two such blocks contains the other.
    pub const fn overlaps(self, other: Cidr) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// The blocks of prefix length `prefix` inside this one, in order; none if `prefix` is shorter.
    pub fn subnets(self, prefix: u8) -> impl Iterator<Item = Cidr> {
        let net = Ipv4Net::new(Ipv4Addr::from(self.bits), self.prefix).ok();
        let subnets = net.and_then(|net| net.subnets(prefix).ok());
        subnets.into_iter().flatten().map(|net| Cidr { bits: net.network().into(), prefix: net.prefix_len() })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.bits), self.prefix)
    }
}

impl FromStr for Cidr {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Cidr, UnitError> {
        let cidr = Cidr::read(text.as_bytes()).ok_or_else(|| UnitError::Cidr { text: text.to_owned() })?;
        let block = Cidr { bits: cidr.bits & cidr.mask(), prefix: cidr.prefix };
        if block == cidr { Ok(cidr) } else { Err(UnitError::HostBits { text: text.to_owned(), block }) }
    }
}

/// A TCP or UDP port, 1 to 65,535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port(u16);

/// A [`Port`] from a literal; 0 and numbers above 65,535 do not compile.
#[macro_export]
macro_rules! port {
    ($number:literal) => {{
        const PORT: $crate::Port = $crate::Port::literal($number);
        PORT
    }};
}

impl Port {
    /// Makes a port of a literal; [`port!`](crate::port) calls it at compile time.
    ///
    /// # Panics
    ///
    /// If the number is not a port.
    pub const fn literal(number: u32) -> Port {
        assert!(number >= 1 && number <= 65_535, "a port is a number from 1 to 65535");
        let [low, high, ..] = number.to_le_bytes();
        Port(u16::from_le_bytes([low, high]))
    }

    /// Makes a port of a number from configuration.
    ///
    /// # Errors
    ///
    /// [`UnitError::Port`] if the number is not a port.
    pub fn new(number: i64) -> Result<Port, UnitError> {
        match u16::try_from(number) {
            Ok(number) if number > 0 => Ok(Port(number)),
            _ => Err(UnitError::Port { port: number }),
        }
    }

    /// The number.
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A port that is known, or a parameter of a template that others deploy.
#[derive(Debug, Clone)]
pub struct PortValue {
    value: Value<i64>,
    label: String,
}

impl PortValue {
    /// The port number.
    pub fn value(&self) -> Value<i64> {
        self.value.clone()
    }

    /// What the port is called in an id: its number, or the name of the parameter.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }
}

impl From<Port> for PortValue {
    fn from(port: Port) -> PortValue {
        PortValue { value: port.number().into(), label: port.to_string() }
    }
}

impl From<&Value<i64>> for PortValue {
    fn from(value: &Value<i64>) -> PortValue {
        let label = match value.node() {
            Node::Call(_, argument) => argument.as_str().unwrap_or("Port").to_owned(),
            Node::Number(number) => number.to_string(),
            _ => "Port".to_owned(),
        };
        PortValue { value: value.clone(), label }
    }
}

/// A CPU and memory pair that Fargate sells; there is no way to hold one it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FargateSize {
    cpu: u32,
    memory: u32,
}

/// A [`FargateSize`] from literals, CPU units and MiB; a pair that Fargate does not sell does not compile.
#[macro_export]
macro_rules! fargate {
    ($cpu:literal, $memory:literal) => {{
        const SIZE: $crate::FargateSize = $crate::FargateSize::literal($cpu, $memory);
        SIZE
    }};
}

/// The CPU sizes that Fargate sells, in CPU units. Source: see [`FargateSize::new`].
const FARGATE_CPU: [u32; 8] = [256, 512, 1024, 2048, 4096, 8192, 16384, 32768];

impl FargateSize {
    /// Pairs literals; [`fargate!`](crate::fargate) calls it at compile time.
    ///
    /// # Panics
    ///
    /// If Fargate does not sell the pair.
    pub const fn literal(cpu: u32, memory: u32) -> FargateSize {
        assert!(FargateSize::is_sold(cpu, memory), "Fargate does not sell this pair of CPU units and MiB");
        FargateSize { cpu, memory }
    }

    /// Pairs `cpu` CPU units (1,024 are one vCPU) with `memory` MiB.
    ///
    /// # Errors
    ///
    /// [`UnitError::FargateSize`] if Fargate does not sell this pair.
    ///
    /// Source: [Task CPU and memory][aws] in the Amazon ECS developer guide.
    ///
    /// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
    pub fn new(cpu: u32, memory: u32) -> Result<FargateSize, UnitError> {
        if FargateSize::is_sold(cpu, memory) {
            return Ok(FargateSize { cpu, memory });
        }
        let allowed =
            (512..=249_856).step_by(512).filter(|memory| FargateSize::is_sold(cpu, *memory)).collect();
        Err(UnitError::FargateSize { cpu, memory, allowed })
    }

    const fn is_sold(cpu: u32, memory: u32) -> bool {
        let (least, most, step) = match cpu {
            256 => return matches!(memory, 512 | 1024 | 2048),
            32768 => return matches!(memory, 61_440 | 122_880 | 249_856),
            512 => (1024, 4096, 1024),
            1024 => (2048, 8192, 1024),
            2048 => (4096, 16384, 1024),
            4096 => (8192, 30720, 1024),
            8192 => (16384, 61440, 4096),
            16384 => (32768, 122_880, 8192),
            _ => return false,
        };
        memory >= least && memory <= most && (memory - least).is_multiple_of(step)
    }

    /// CPU units; 1,024 are one vCPU.
    pub const fn cpu(self) -> u32 {
        self.cpu
    }

    /// Memory in MiB.
    pub const fn memory(self) -> u32 {
        self.memory
    }
}

/// How long CloudWatch keeps the events of a log group; it offers no other number of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention(u32);

/// A [`Retention`] from a literal number of days; one that CloudWatch does not offer does not compile.
#[macro_export]
macro_rules! retention {
    ($days:literal) => {{
        const RETENTION: $crate::Retention = $crate::Retention::literal($days);
        RETENTION
    }};
}

impl Retention {
    /// The periods offered, in days.
    ///
    /// Source: [PutRetentionPolicy][aws], `retentionInDays`.
    ///
    /// [aws]: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    pub const DAYS: [u32; 22] = [
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
        3653,
    ];

    /// Makes a period of a literal; [`retention!`](crate::retention) calls it at compile time.
    ///
    /// # Panics
    ///
    /// If CloudWatch does not offer the period.
    pub const fn literal(days: u32) -> Retention {
        assert!(Retention::is_offered(days), "CloudWatch does not offer this number of days");
        Retention(days)
    }

    /// Makes a period of a number from configuration.
    ///
    /// # Errors
    ///
    /// [`UnitError::Retention`] if CloudWatch does not offer it.
    pub fn new(days: u32) -> Result<Retention, UnitError> {
        if Retention::is_offered(days) { Ok(Retention(days)) } else { Err(UnitError::Retention { days }) }
    }

    const fn is_offered(days: u32) -> bool {
        let mut at = 0;
        while at < Retention::DAYS.len() {
            if Retention::DAYS[at] == days {
                return true;
            }
            at += 1;
        }
        false
    }

    /// The number of days.
    pub const fn days(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn refused<T: fmt::Debug>(result: Result<T, UnitError>, expected: &str) {
        let error = result.unwrap_err();
        assert_eq!(format!("{error}\nhint: {}", error.hint()), expected);
    }

    #[test]
    fn names_the_memory_sizes_a_cpu_allows() {
        refused(
            FargateSize::new(512, 8192),
            "512 CPU units do not go with 8192 MiB of memory\n\
             hint: with 512 CPU units, choose one of 1024, 2048, 3072, 4096 MiB",
        );
        refused(
            FargateSize::new(300, 512),
            "300 CPU units do not go with 512 MiB of memory\n\
             hint: 300 CPU units are not sold; choose one of 256, 512, 1024, 2048, 4096, 8192, 16384, 32768",
        );
    }

    #[test]
    fn refuses_what_is_not_a_block() {
        for text in
            ["", "10.0.0.0", "10.0.300.0/24", "10.0.0.0/33", "10.0.0/8", "1.2.3.4/08", "::/0", "10.0.0.0/16 "]
        {
            assert_eq!(text.parse::<Cidr>(), Err(UnitError::Cidr { text: text.to_owned() }), "{text}");
        }
        refused(
            "10.0.0.1/16".parse::<Cidr>(),
            "`10.0.0.1/16` has host bits set; the block is `10.0.0.0/16`\nhint: write `10.0.0.0/16`",
        );
    }

    #[test]
    fn refuses_a_retention_that_is_not_offered() {
        assert!(Retention::new(30).is_ok());
        assert!(Retention::new(10).unwrap_err().hint().starts_with("choose one of 1, 3, 5, 7, 14"));
    }

    #[test]
    fn refuses_port_zero_and_too_large_ports() {
        assert!(Port::new(0).is_err() && Port::new(65_536).is_err() && Port::new(-1).is_err());
        assert_eq!(Port::new(65_535).map(Port::number), Ok(65_535));
    }

    proptest! {
        /// The oracle is the address library's own parser.
        #[test]
        fn reads_blocks_as_the_address_library_does(a in 0_u32..300, b in 0_u32..300, prefix in 0_u8..40) {
            let text = format!("{a}.{b}.0.0/{prefix}");
            let oracle = text.parse::<Ipv4Net>().ok().map(|net| net.trunc());
            let block = match text.parse::<Cidr>() {
                Ok(block) | Err(UnitError::HostBits { block, .. }) => Some(block.to_string()),
                Err(_) => None,
            };
            prop_assert_eq!(block, oracle.map(|net| net.to_string()));
        }

        #[test]
        fn overlap_agrees_with_the_address_library(a: u32, b: u32, p in 0_u8..=32, q in 0_u8..=32) {
            let net = |bits: u32, prefix| Ipv4Net::new(Ipv4Addr::from(bits), prefix).unwrap().trunc();
            let (x, y) = (net(a, p), net(b, q));
            let (c, d): (Cidr, Cidr) = (x.to_string().parse().unwrap(), y.to_string().parse().unwrap());
            prop_assert_eq!(c.contains(d), x.contains(&y));
            prop_assert_eq!(c.overlaps(d), x.contains(&y) || y.contains(&x));
        }
    }
}
