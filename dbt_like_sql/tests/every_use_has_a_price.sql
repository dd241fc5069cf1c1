{{ config(severity='error', meta={'grain': 'local_date'}) }}

-- Each row is a rate that a tariff lacks: tariff.csv, where the plan is `tariff`.
select distinct
    payers.plan,
    uses.usage_type,
    uses.destination,
    uses.local_date
from {{ ref('int_uses_rated') }} as uses
inner join {{ ref('int_plans_assigned') }} as payers
    on uses.local_date = payers.local_date and uses.payer = payers.payer
where uses.rate_id is null
