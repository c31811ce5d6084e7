# SPDX-License-Identifier: Apache-2.0
"""Other people's DICOM checkers and readers. Each function returns complaints; none is good.

Known noise is taken out line by line: ``NOISE`` names the line (a regular expression that must
match all of it) and the reason why it is no fault of ours. Everything else comes back.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom

from tests.conftest import missing


@dataclass(frozen=True)
class Noise:
    """A line that a tool prints about a faultless object.

    Attributes:
        tool: Name of the function below.
        line: Regular expression for the whole line.
        reason: Why the object is right and the line is not.
    """

    tool: str
    line: str
    reason: str


_PLACE = r"</[^>]*>"  # where dciodvfy found it

NOISE: tuple[Noise, ...] = (
    Noise("dciodvfy", r"[A-Z][A-Za-z0-9]+", "the name of the IOD that it recognised"),
    Noise(
        "dciodvfy",
        rf"Warning - {_PLACE} - Unrecognized defined term = <99MEDVID>",
        "private coding schemes are allowed (PS3.16 8.2); the tool lists the public ones",
    ),
    Noise(
        "dciodvfy",
        r"Warning - </CodingSchemeIdentificationSequence\S*CodingSchemeUID\S*> - "
        r"Unrecognized defined term = <[\d.]+>",
        "the UID of our private coding scheme; the tool lists the public ones",
    ),
    Noise(
        "dciodvfy",
        r"Warning - </\S*/(TemporalRangeType\(0040,a130\)|ReferencedTimeOffsets\(0040,a138\))> - "
        r"Attribute is not present in standard DICOM IOD",
        "the tool does not know the value type TCOORD (PS3.3 C.18.7)",
    ),
    Noise(
        "dciodvfy",
        r"Warning - </\S+> - Missing attribute or value that would be needed to build DICOMDIR",
        "Type 2 attributes of the source's study that the source leaves empty",
    ),
    Noise(
        "dciodvfy",
        r"Warning - </\S+> - Value dubious for this VR \[PN\] = <.*> - Retired Person Name form",
        "names are copied as the source spells them",
    ),
    Noise(
        "dciodvfy",
        r"Warning - </Patient(Size|Weight)\S*> - Value is zero",
        "measures are copied as the source gives them",
    ),
    Noise(
        "dciodvfy",
        r"Warning - </Laterality\S+> - is only permitted to be empty when actually unknown; .*",
        "it is unknown where the source does not say",
    ),
    Noise(
        "dciodvfy",
        r"Warning - </LossyImageCompressionMethod\S+\[1\]> - "
        r"method inconsistent with Transfer Syntax = <ISO_13818_2>",
        "the first of two steps, that of the source (PS3.3 C.7.6.1.1.5); the last one is the "
        "object's own",
    ),
    Noise(
        "dcentvfy",
        r"Warning - Attribute is empty \(zero length\) in one instance - .*",
        "an optional attribute that the source leaves empty is copied empty",
    ),
    Noise(
        "dcentvfy",
        r"Warning - Different information entities for attribute - Element=<AccessionNumber> .*",
        "the tool files AccessionNumber under Study in one IOD and under Series in another",
    ),
    Noise(
        "dsrdump",
        r"W: The VR checker does not support this Specific Character Set: ISO_IR 192",
        "the tool's check of the character repertoire stops at single-byte sets",
    ),
    Noise(
        "dsrdump",
        r"W: Check for template constraints not yet supported",
        "the tool says that it checks no templates of key object documents",
    ),
    Noise("pixelmed_sr", r"SLF4J: .*", "the logging library of the Java programs"),
    Noise(
        "pixelmed_sr",
        r"Found Comprehensive(3D)?SR IOD|Found Root Template TID_1500 \(MeasurementReport\)|"
        r"Root Template Validation Complete|IOD validation complete",
        "progress",
    ),
    Noise(
        "pixelmed_sr",
        r'Warning: [\d.]+: /.*/CODE \(276214006,SCT,"Finding category"\): '
        r"Content Item not in template",
        "added to TID 1410 and 1501 by CP-2176, after the tool's tables of 2022",
    ),
    Noise(
        "pixelmed_sr",
        r'Warning: [\d.]+: /.*/TCOORD \(TIME-RANGE,99MEDVID,"Time range in the video"\)'
        r'(/IMAGE \(121112,DCM,"Source of Measurement"\))?: Content Item not in template',
        "no DCMR template binds a time range to a video; the templates are extensible and the "
        "relationship is one that the IOD allows (PS3.3 A.35.13.3.1.2)",
    ),
    Noise(
        "pixelmed_sr",
        r'Warning: [\d.]+: /.*/CONTAINER \(125007,DCM,"Measurement Group"\)/CODE '
        r'\([A-Z-]+,99MEDVID,"[^"]*"\): Content Item not in template',
        "a qualitative evaluation: a CODE whose name the user chooses, in an extensible template",
    ),
)


def dciodvfy(path: Path, *, allow: Sequence[Noise] = ()) -> list[str]:
    """Attributes, modules and values of one object against its IOD (dicom3tools).

    Args:
        allow: What the source of this object is known to bring with it.
    """
    done = _run("dciodvfy", "-new", str(path))
    return _complaints("dciodvfy", done.stderr + done.stdout, allow)


def dcentvfy(*paths: Path, allow: Sequence[Noise] = ()) -> list[str]:
    """Whether patient, study, series and equipment agree over several files (dicom3tools)."""
    done = _run("dcentvfy", *map(str, paths))
    return _complaints("dcentvfy", done.stderr + done.stdout, allow)


def dsrdump(path: Path) -> list[str]:
    """Value types and relationships of an SR document (dcmtk); a failure to render is one too."""
    done = _run("dsrdump", str(path))
    found = _complaints("dsrdump", done.stderr)
    return found or ([f"exit status {done.returncode}"] if done.returncode else [])


def dsrdump_text(path: Path) -> str:
    """The document as dcmtk prints it."""
    return _run("dsrdump", str(path)).stdout


def pixelmed_sr(path: Path) -> list[str]:
    """The SR against the templates (TID) that it names; slow, some seconds a file."""
    if shutil.which("java") is None:
        missing("java (for PixelMed)")
    names = ("pixelmed", "commons-codec", "commons-compress", "slf4j-api", "slf4j-nop", "vecmath")
    jars = [Path("/usr/share/java") / f"{name}.jar" for name in names]
    if not jars[0].exists():
        missing("PixelMed (libpixelmed-java)")
    # JDK 17 limits XPath expressions below what the compiled templates need (JAXP0801003).
    limits = ("xpathExprGrpLimit", "xpathExprOpLimit", "xpathTotalOpLimit")
    done = _run(
        "java",
        "-Xss64m",
        "-XX:TieredStopAtLevel=1",  # it ends before a better compiler pays: half the time
        "-XX:+UseSerialGC",
        *(f"-Djdk.xml.{limit}=0" for limit in limits),
        "-cp",
        ":".join(str(jar) for jar in jars if jar.exists()),
        "com.pixelmed.validate.DicomSRValidator",
        str(path),
        timeout=600,  # under a minute on a free machine
    )
    text = done.stdout + done.stderr
    if "Root Template" not in text:
        return [f"no template was checked: {text[-500:]}"]
    return _complaints("pixelmed_sr", text)


def tid1500reader(path: Path) -> dict[str, Any]:
    """The measurement groups as dcmqi reads them; fails the test where it cannot."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        done = _run("tid1500reader", "--inputDICOM", str(path), "--outputMetadata", str(out))
        assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]
        content: dict[str, Any] = json.loads(out.read_text())
        return content


def srread(path: Path) -> Any:
    """The document as highdicom parses it."""
    import highdicom

    return highdicom.sr.srread(path)


def segread(path: Path) -> Any:
    """The segmentation as highdicom parses it."""
    import highdicom

    return highdicom.seg.segread(path)


def check(path: Path, *others: Path, allow: Sequence[Noise] = ()) -> None:
    """Assert that dciodvfy (and dsrdump, for an SR; dcentvfy with others) have no complaint."""
    found = dciodvfy(path, allow=allow)
    if pydicom.dcmread(path, stop_before_pixels=True).Modality in ("SR", "KO"):
        found += dsrdump(path)
    if others:
        found += dcentvfy(path, *others, allow=allow)
    assert not found, "\n".join(found)


def _run(name: str, *arguments: str, timeout: int = 60) -> subprocess.CompletedProcess[str]:
    # tools that pip installs stand beside the interpreter, whether or not its folder is in PATH
    program = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if program is None:
        missing(f"the program {name}")
    return subprocess.run(
        [str(program), *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        check=False,
    )


def _complaints(tool: str, text: str, allow: Sequence[Noise] = ()) -> list[str]:
    patterns = [re.compile(noise.line) for noise in (*NOISE, *allow) if noise.tool == tool]
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not any(p.fullmatch(line) for p in patterns)]
