"""The keywords of a runstream: which change no number, and which ask for what this engine does not do.

Names and meaning follow the AERMOD User's Guide (EPA-454/B-23-008), appendix B.
"""

ORDER = ("CO", "SO", "RE", "ME", "OU")
PATHWAYS = (*ORDER, "EV")

# Without these AERMOD does not run; what else it needs is asked for where its meaning is known.
NEEDED = {
    "CO": ("TITLEONE", "POLLUTID", "RUNORNOT"),
    "ME": ("SURFDATA", "UAIRDATA"),
}
# Once in a deck: a second one leaves open which of the two is meant.
ONCE = {
    "CO": {
        "TITLEONE",
        "TITLETWO",
        "MODELOPT",
        "AVERTIME",
        "POLLUTID",
        "RUNORNOT",
        "FLAGPOLE",
        "GDSEASON",
        "GDLANUSE",
        "GASDEPDF",
        "GASDEPVD",
    },
    "SO": {"ELEVUNIT", "EMISUNIT"},
    "RE": {"ELEVUNIT"},
    "ME": {
        "SURFFILE",
        "PROFFILE",
        "SURFDATA",
        "UAIRDATA",
        "SITEDATA",
        "PROFBASE",
        "STARTEND",
        "WDROTATE",
        "WINDCATS",
    },
    "OU": set(),
}

# Accepted and listed, without effect on the numbers.
NOTED = {
    "CO": {
        "TITLEONE",
        "TITLETWO",
        "DEBUGOPT",
        "ERRORFIL",
        "EVENTFIL",
        "SAVEFILE",
        "POLLUTID",
    },
    "SO": set(),
    "RE": set(),
    "ME": {"NUMYEARS"},
    "OU": {
        "RECTABLE",
        "MAXTABLE",
        "DAYTABLE",
        "MAXIFILE",
        "POSTFILE",
        "PLOTFILE",
        "TOXXFILE",
        "RANKFILE",
        "EVALFILE",
        "SEASONHR",
        "MAXDAILY",
        "MXDYBYYR",
        "MAXDCONT",
        "SUMMFILE",
        "FILEFORM",
        "NOHEADER",
        "EVENTOUT",
    },
}

_DOWNWASH = "building downwash is out of this engine's scope"
_CHEMISTRY = "the conversion of nitrogen oxides is out of this engine's scope"
_TURBULENCE = "it is a keyword of ME, not an option"
_BACKGROUND = "background concentrations are not added by this engine"

UNSUPPORTED = {
    "CO": {
        "MULTYEAR": "runs over several decks are not joined",
        "INITFILE": "a run is not continued from a saved one",
        "LOW_WIND": "alternative low-wind parameters are not built in",
        "AWMADWNW": _DOWNWASH,
        "ORD_DWNW": _DOWNWASH,
        "ARCFTOPT": "aircraft sources are not built in",
        "ARMRATIO": _CHEMISTRY,
        "NO2EQUIL": _CHEMISTRY,
        "NO2STACK": _CHEMISTRY,
        "NOXSECTR": _CHEMISTRY,
        "NOXVALUE": _CHEMISTRY,
        "NOX_FILE": _CHEMISTRY,
        "NOX_UNIT": _CHEMISTRY,
        "NOX_VALS": _CHEMISTRY,
        "O3SECTOR": _CHEMISTRY,
        "O3VALUES": _CHEMISTRY,
        "OZONEFIL": _CHEMISTRY,
        "OZONEVAL": _CHEMISTRY,
        "OZONUNIT": _CHEMISTRY,
    },
    "SO": {
        "BUILDHGT": _DOWNWASH,
        "BUILDWID": _DOWNWASH,
        "BUILDLEN": _DOWNWASH,
        "XBADJ": _DOWNWASH,
        "YBADJ": _DOWNWASH,
        "PLATFORM": _DOWNWASH,
        "BACKGRND": _BACKGROUND,
        "BACKUNIT": _BACKGROUND,
        "BGSECTOR": _BACKGROUND,
        "BLPINPUT": "buoyant lines are not built in",
        "BLPGROUP": "buoyant lines are not built in",
        "RBARRIER": "road barriers are not built in",
        "RDEPRESS": "depressed roads are not built in",
        "RLEMCONV": "RLINE sources are not built in",
        "HBPSRCID": "the highly buoyant plume option is not built in",
        "AREAMNDR": "meander of area sources is not built in",
        "ARCFTSRC": "aircraft sources are not built in",
        "NO2RATIO": _CHEMISTRY,
        "OLMGROUP": _CHEMISTRY,
        "PSDGROUP": _CHEMISTRY,
        "CONCUNIT": "outputs in other units than µg m⁻³ and g m⁻² are not written",
        "DEPOUNIT": "outputs in other units than µg m⁻³ and g m⁻² are not written",
    },
    "RE": {},
    "ME": {
        "SCIMBYHR": "the sampling of hours for SCIM is not built in",
    },
    "OU": {},
}

# Words of CO MODELOPT that change no number here.
NOTED_OPTIONS = {"DFAULT", "DEFAULT", "ALPHA", "BETA", "NOCHKD", "NOWARN", "DRYDPLT", "WETDPLT", "WARNCHKD"}

UNSUPPORTED_OPTIONS = {
    "AREADPLT": "depletion integrated over an area source is not built in",
    "FASTALL": "reduced accuracy for speed is not built in",
    "FASTAREA": "reduced accuracy for speed is not built in",
    "SCREEN": "screening mode is not built in",
    "SCIM": "the sampling of hours is not built in",
    "NOURBTRAN": "the urban morning transition cannot be switched off",
    "VECTORWS": "wind speeds are taken as scalar means",
    "AREAMNDR": "meander of area sources is not built in",
    "HBP": "the highly buoyant plume option is not built in",
    "LOWWIND1": "alternative low-wind parameters are not built in",
    "LOWWIND2": "alternative low-wind parameters are not built in",
    "LOWWIND3": "alternative low-wind parameters are not built in",
    "LOW_WIND": "alternative low-wind parameters are not built in",
    "PSDCREDIT": "PSD increment credits are not built in",
    "OLM": _CHEMISTRY,
    "PVMRM": _CHEMISTRY,
    "ARM": _CHEMISTRY,
    "ARM2": _CHEMISTRY,
    "GRSM": _CHEMISTRY,
    "TTRM": _CHEMISTRY,
    "TTRM2": _CHEMISTRY,
    "PRIME": _DOWNWASH,
    "NOTURB": _TURBULENCE,
    "NOTURBST": _TURBULENCE,
    "NOTURBCO": _TURBULENCE,
    "NOSA": _TURBULENCE,
    "NOSW": _TURBULENCE,
    "NOSAST": _TURBULENCE,
    "NOSWST": _TURBULENCE,
    "NOSACO": _TURBULENCE,
    "NOSWCO": _TURBULENCE,
}

UNSUPPORTED_KINDS = {
    "RLINE": "RLINE sources are not built in; LINE is",
    "RLINEXT": "RLINE sources are not built in; LINE is",
    "OPENPIT": "open pits are not built in",
    "BUOYLINE": "buoyant lines are not built in",
    "SWPOINT": "sidewash sources are not built in",
}
