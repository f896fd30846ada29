"""Questions asked of the model that no single trial answers: why an effect is lost, why patients differ, who benefits.

One module (or package) per question. Each has one public function (`explain`, `sensitivity`, ...) that takes names and
`Settings`, and returns a frozen result whose tables are pandas, with `.plot()`, `.to_dict()` and, for the command line,
`.lines()`. Every figure in a result is computed from runs of the model; its uncertainty and a null stand beside it.
Nothing heavy is imported before it is used; optional libraries are the extra `insight`.
"""
