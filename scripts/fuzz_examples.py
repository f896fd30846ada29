"""Small right inputs of each kind, which the sweep spoils."""

from __future__ import annotations

ANTIMONY = (
    "x' = k; x = 0; k = 1;\n",
    """model m
  compartment c = 2;
  species A in c = 10, B in c = 0;
  R1: A -> B; k1*A;
  R2: B -> ; Vm*B/(Km + B);
  k1 = 0.1; Vm = 1; Km = 0.5;
  total := A + B;
  at (time > 2): k1 = k1*2;
end
""",
    """function hill(x, k, n)
  x^n/(k^n + x^n)
end
model sub(p)
  p = 1; s' = -p*s; s = 1;
end
model *main()
  a: sub(q);
  q = 2; y := piecewise(1, time < 1, hill(time, 2, 3)); z' = y - z; z = 0;
  unit day = 86400 second;
end
""",
)

DESIGN = (
    """trial_id = "mine"
disease = "SLE"
weeks = 12
[[arms]]
arm_id = "pbo"
arm_label = "placebo"
n = 20
role = "placebo"
[[arms]]
arm_id = "bel"
arm_label = "belimumab"
n = 20
role = "active"
[[arms.treatments]]
drug = "belimumab"
dose = 10
dose_unit = "mg/kg"
route = "iv"
schedule = "days 1,15 then q4w"
[[endpoints]]
name = "SRI-4"
week = 12
primary = true
""",
    """trial_id = "more"
disease = "RA"
weeks = 24
visit_weeks = 4
prior_treatment = "TNF-IR"
[[background_therapy]]
drug = "methotrexate"
dose = 16.4
dose_cv = 0.28
dose_unit = "mg/week"
share = 1.0
[[entry]]
measure = "SJC66"
min = 8
unit = "joints"
at = "screening"
[rescue]
week = 16
measures = ["SJC66", "TJC68"]
improvement = 0.2
[[arms]]
arm_id = "pbo"
n = 201
role = "placebo"
[[arms]]
arm_id = "tof"
n = 298
role = "active"
[[arms.treatments]]
drug = "tofacitinib"
dose = 5
dose_unit = "mg"
route = "oral"
schedule = "bid"
[[endpoints]]
name = "ACR20"
week = 24
primary = true
""",
)

POPULATION = """[variables.age_y]
mean = 45
sd = 7
unit = "year"
[variables.weight_kg]
mean = 176.37
sd = 33.07
unit = "lb"
distribution = "lognormal"
[variables.ifn_x]
mean = 3
sd = 1
unit = "1"
[variables.female]
share = 0.5
[[correlations]]
between = ["age_y", "weight_kg"]
r = 0.5
[[correlations]]
between = ["weight_kg", "ifn_x"]
r = -0.3
"""

ROWS = (
    "patient,age_y,weight_kg [lb],female\nP1,40,150,F\nP2,52,180.5,M\nP3,61,140,F\n",
    "age;height [m];sex;ifn_x\n40;1,70;F;2,5\n51;1,82;M;1\n",
)

TABLE = ("k,x\n1,0\n2,0.5\n0.5,3\n", "k;x\n1,5;0\n2,25;1\n")

PATIENTS = (
    "day,measure,value,unit\n0,C3,0.62,g/L\n0,IgG,12.5,g/L\n14,SLEDAI-2K,8,points\n-30,prednisone,10,mg/day\n28,C3,<0.4,g/L\n",
    "DATE;Test;Result;Units\n01.03.2024;C3;0,62;g/L\n15.03.2024;IgG;12,5;g/L\n15.03.2024;SLEDAI;8;points\n",
    "week,C3 [mg/dL],IgG (g/L),SLEDAI-2K [points]\n0,62,NA,.\n2,,12.5,8\n",
    'day,measure,value,unit,route,schedule\n0,C3,1,g/L,,\n-90,rituximab,1000,mg,iv,"days 1,15"\n7,IgM,0.8,g/L,,\n',
)

PETAB_FIRST = {
    "p.yaml": "format_version: 1\nparameter_file: parameter.tsv\nproblems:\n- sbml_files: [model.xml]\n"
    "  condition_files: [condition.tsv]\n  measurement_files: [measurement.tsv]\n  observable_files: [observable.tsv]\n",
    "parameter.tsv": "parameterId\tparameterScale\tlowerBound\tupperBound\tnominalValue\testimate\nsc\tlin\t0\t10\t2\t1\n",
    "observable.tsv": "observableId\tobservableFormula\tnoiseFormula\tobservableTransformation\tnoiseDistribution\n"
    "o\tsc*x\t0.5\tlin\tnormal\n",
    "condition.tsv": "conditionId\tk\nc1\t3\nc2\t4\n",
    "measurement.tsv": "observableId\tsimulationConditionId\ttime\tmeasurement\no\tc1\t2\t11\no\tc2\t2\t15\n",
}
PETAB_SECOND = {
    "p.yaml": "format_version: 2.0.0\nmodel_files:\n  m:\n    location: model.xml\n    language: sbml\n"
    "parameter_files: [parameters.tsv]\ncondition_files: [conditions.tsv]\nexperiment_files: [experiments.tsv]\n"
    "measurement_files: [measurements.tsv]\nobservable_files: [observables.tsv]\n",
    "parameters.tsv": "parameterId\tlowerBound\tupperBound\tnominalValue\testimate\nsc\t0\t10\t2\ttrue\n",
    "observables.tsv": "observableId\tobservableFormula\tnoiseFormula\tnoiseDistribution\no\tsc*x\t0.5\tnormal\n",
    "conditions.tsv": "conditionId\ttargetId\ttargetValue\nc1\tk\t3\nc2\tk\t4*sc\n",
    "experiments.tsv": "experimentId\ttime\tconditionId\ne1\t0\tc1\ne2\t0\tc1\ne2\t1\tc2\n",
    "measurements.tsv": "observableId\texperimentId\ttime\tmeasurement\no\te1\t2\t11\no\te2\t2\t15\n",
}
PETAB = (PETAB_FIRST, PETAB_SECOND)

FORMS = (
    "trial",
    "trial",
    "pathway",
    "explain",
    "biomarkers",
    "combine",
    "patient",
    "diseases",
    "evidence",
    "scoreboard",
)

SCHEDULES = (
    "q4w", "days 1,15", "days 1, 15 and 29 then every 4 weeks", "100 mg bid x56 then 150 mg qd", "twice daily", "weeks 0,2,24",
    "every 6 months", "240 mg once, followed by 120 mg every 4 weeks", "months 0, 6 and 12", "q2w x2", "tid", "once",
)  # fmt: skip
DOSES = (
    "10 mg/kg iv q4w", "200 mg sc qw", "1000 mg iv days 1,15", "10 mg/kg", "400 mg sc weekly x4 then 200 mg qw", "0.5 g iv once",
)  # fmt: skip
