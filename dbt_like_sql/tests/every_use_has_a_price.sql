{{ config(severity='error', meta={'grain': 'local_date'}) }}

-- Each row is a rate that a tariff lacks: tariff.csv, where the plan is `tariff`.
select distinct
    plan,
    usage_type,
    destination,
    local_date
from {{ ref('int_uses_rated') }}
where rate_id is null
