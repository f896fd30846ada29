"""Writes a random model (see random_models) as SBML Level 3 Version 1, with libSBML."""

from __future__ import annotations

from typing import Any

import libsbml
from random_shapes import Event, Model, Reaction

MISPLACED = '<annotation><x xmlns="http://example.org"/></annotation><notes><p xmlns="http://www.w3.org/1999/xhtml">n</p></notes>'


def sbml(
    model: Model,
    *,
    doses: bool = False,
    values: dict[str, float] | None = None,
    begun: bool = False,
    plain: bool = False,
) -> str:
    """SBML text. doses: write the model's doses as events; values: numbers to write in place of the model's own.

    begun: what already holds when the text's run starts is no event; plain: without oddities of the file.
    """
    document = libsbml.SBMLDocument(3, 1)
    made = document.createModel()
    made.setId("random")
    values = values or {}
    for name, arguments, formula in model.functions:
        f = made.createFunctionDefinition()
        _done(f.setId(name))
        _done(f.setMath(_math(f"lambda({arguments}, {formula})")))
    for name, size in model.sizes.items():
        c = made.createCompartment()
        _done(c.setId(name))
        c.setSpatialDimensions(3)
        c.setConstant(True)
        c.setSize(values.get(name, size))
    _quantities(made, model, values)
    for name, formula in model.rates.items():
        rule = made.createRateRule()
        _done(rule.setVariable(name))
        _done(rule.setMath(_math(formula)))
    for name, formula in model.rules.items():
        rule = made.createAssignmentRule()
        _done(rule.setVariable(name))
        _done(rule.setMath(_math(formula)))
    for name, reaction in model.reactions.items():
        _reaction(made, name, reaction, model)
    for k, event in enumerate([*model.events, *(_given(model, d) for d in (model.doses if doses else ()))]):
        _event(made, f"event{k}", event, begun and event in model.events)
    text = libsbml.writeSBMLToString(document)
    if model.misplaced and not plain:
        text = text.replace('<model id="random">', f'<model id="random">{MISPLACED}', 1)
    return f"\ufeff{text}" if model.marked and not plain else text


def _given(model: Model, dose: tuple[str, float, float]) -> Event:
    """A dose as an event: an amount, shared out over the compartment where the symbol is a concentration."""
    name, when, amount = dose
    kind = model.species.get(name)
    share = f"/{kind.home}" if kind and not kind.amount else ""
    return Event(f"time >= {when:.17g}", {name: f"{name} + {amount:.17g}{share}"})


def _quantities(made: Any, model: Model, values: dict[str, float]) -> None:
    formulas = {}
    for name, kind in model.species.items():
        s = made.createSpecies()
        _done(s.setId(name))
        s.setCompartment(kind.home)
        s.setHasOnlySubstanceUnits(kind.amount)
        s.setBoundaryCondition(False)
        s.setConstant(False)
        if name in values:
            (s.setInitialAmount if kind.amount else s.setInitialConcentration)(values[name])
        elif isinstance(kind.first, str):
            formulas[name] = kind.first
        elif kind.first is not None:
            (_stated if kind.stated else _first)(s, kind.amount, kind.first, model.sizes[kind.home])
    changed = {n for e in model.events for n in e.assignments}
    for name, value in model.parameters.items():
        p = made.createParameter()
        _done(p.setId(name))
        p.setConstant(name not in model.rates and name not in model.rules and name not in changed)
        if isinstance(value, str) and name not in values:
            formulas[name] = value
        else:
            p.setValue(values.get(name, value))
    for name in model.rules:
        if name not in model.parameters:
            p = made.createParameter()
            _done(p.setId(name))
            p.setConstant(False)
    for name, formula in formulas.items():
        first = made.createInitialAssignment()
        _done(first.setSymbol(name))
        _done(first.setMath(_math(formula)))


def _first(s: Any, amount: bool, level: float, size: float) -> None:
    (s.setInitialAmount if amount else s.setInitialConcentration)(level * size if amount else level)


def _stated(s: Any, amount: bool, level: float, size: float) -> None:
    """The same first value in the other form."""
    _first(s, not amount, level, size)


def _reaction(made: Any, name: str, reaction: Reaction, model: Model) -> None:
    r = made.createReaction()
    _done(r.setId(name))
    r.setReversible(False)
    r.setFast(False)
    for side, make in ((reaction.reactants, r.createReactant), (reaction.products, r.createProduct)):
        for species, number in side.items():
            reference = make()
            reference.setSpecies(species)
            reference.setStoichiometry(number)
            reference.setConstant(True)
            if species in reaction.ids:
                _done(reference.setId(reaction.ids[species]))
    law = r.createKineticLaw()
    for own, value in reaction.local.items():
        p = law.createLocalParameter()
        _done(p.setId(own))
        p.setValue(value)
    _done(law.setMath(_math(reaction.law)))
    for species in model.species:  # those that the law names and the reaction does not change
        if species not in reaction.reactants and species not in reaction.products and species in reaction.law:
            r.createModifier().setSpecies(species)


def _event(made: Any, name: str, event: Event, begun: bool) -> None:
    e = made.createEvent()
    _done(e.setId(name))
    e.setUseValuesFromTriggerTime(False)
    trigger = e.createTrigger()
    trigger.setInitialValue(begun)
    trigger.setPersistent(True)
    _done(trigger.setMath(_math(event.trigger)))
    if event.delay:
        _done(e.createDelay().setMath(_math(event.delay)))
    for target, formula in event.assignments.items():
        a = e.createEventAssignment()
        _done(a.setVariable(target))
        _done(a.setMath(_math(formula)))


def _math(formula: str) -> Any:
    tree = libsbml.parseL3Formula(formula)
    if tree is None:
        raise ValueError(libsbml.getLastParseL3Error())
    return tree


def _done(code: int) -> None:
    if code != libsbml.LIBSBML_OPERATION_SUCCESS:
        raise ValueError(f"libSBML: {libsbml.OperationReturnValue_toString(code)}")
