{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with lines as (

    select * from {{ source('inputs', 'billed_lines') }}

),

final as (

    select
        local_month,
        number,
        kind,
        invoice_month,
        is_adjustment,
        legal_entity,
        currency,
        cost_centre,
        person_id,
        name,
        department,
        site,
        plan,
        usage_type,
        tax_percent,
        uses,
        quantity,
        free_quantity,
        cast(quantity - free_quantity as decimal(38, 6)) as billed_quantity,
        cost,
        unrounded_charge,
        charge
    from lines

)

select * from final
