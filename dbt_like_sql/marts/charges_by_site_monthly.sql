{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with lines as (

    select * from {{ ref('charge_lines_monthly') }}

),

final as (

    select
        local_month,
        site,
        legal_entity,
        currency,
        count(distinct person_id) as people,
        sum(case when usage_type = 'message' then uses else 0 end) as messages,
        sum(case when usage_type = 'file_transfer' then uses else 0 end) as file_transfers,
        sum(cost) as cost,
        sum(charge) as charge
    from lines
    group by local_month, site, legal_entity, currency

)

select * from final
